/* forge_recipes.h - the list of what may be right or wrong with a certificate; for forge.c.
 *
 * Each line makes one edit: of what the certificate states (then names and hashes follow, and only
 * the statement is wrong), of an item of its body or an extension (as DER in hexadecimal), of the
 * signature, or of the whole.
 */
#ifndef TESTS_FORGE_RECIPES_H
#define TESTS_FORGE_RECIPES_H

#include "base/err.h"
#include "tests/lib/forge.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define SKEW_US (INT64_C(1000000) * CERTIFICATE_SKEW_S)

/* Places in the body (RFC 5280, 4.1) and, in a group, among the extensions. */
enum { VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, KEY, EXTENSIONS };
enum { AUTHORITY, BASIC, USAGE, PURPOSES, NAMES, OURS };

enum edit {
	GOOD,
	AT_TIME,       /* nothing but the time of the judgement: `at` us from the beginning */
	STATE_NAME,    /* the host name is `text`, wherever it stands */
	STATE_KEY,     /* the key is `text`, and the id is made of it */
	STATE_CA_KEY,  /* the key is the CA's */
	STATE_CLASS,   /* the class is `at` */
	STATE_NETWORK, /* another network */
	STATE_SALT,    /* the first byte of the salt is `at`, the rest zero */
	BODY,          /* item `at` of the body becomes `text` */
	BODY_INSERT,   /* `text` comes before item `at` */
	EXTENSION,     /* extension `at` becomes `text` */
	EXTENSION_INSERT,
	EXTENSION_SWAP, /* extension `at` and the next change places */
	EXTENSION_LONG, /* one more, of `at` bytes, not critical */
	NAMES_ARE,      /* subjectAltName has the names that the letters of `text` stand for */
	OURS_BYTE,      /* byte `at` of our extension's value becomes `text` */
	SIGNER_FOREIGN, /* signed by another CA with the same name */
	SIGNER_MEMBER,  /* signed by the member */
	SELF_SIGNED,    /* and issued in its own name */
	SIGNATURE_FLIP, /* a bit of it */
	SIGNATURE_IS,   /* `text` instead of it */
	SIGNATURE_HIGH, /* the other one of the two that fit */
	SIGNATURE_LONG, /* r with a needless zero */
	SIGNATURE_BITS, /* says that a bit of it is unused */
	OUTER_ALGORITHM,
	WHOLE, /* `text` instead of everything */
	WHOLE_APPEND,
	WHOLE_CUT,     /* by `at` bytes */
	WHOLE_LENGTH,  /* of the outermost length one byte more than needed */
	WHOLE_ENDLESS, /* BER's indefinite length */
	WHOLE_CA,      /* the CA's own certificate */
};

struct recipe {
	const char *what;
	int expected;
	enum forge_world world;
	enum edit edit;
	int64_t at;
	const char *text;
};

static const struct recipe good[] = {
	{ "Ed25519 under Ed25519", 0, FORGE_ED25519, GOOD, 0, "" },
	{ "with an IPv4 address", 0, FORGE_ED25519, NAMES_ARE, 0, "UDI" },
	{ "under P-256", 0, FORGE_P256, GOOD, 0, "" },
	{ "self-signed in an open network", 0, FORGE_OPEN, GOOD, 0, "" },
	{ "the shortest name", 0, FORGE_ED25519, STATE_NAME, 0, "a" },
	{ "the longest name", 0, FORGE_ED25519, STATE_NAME, 0,
	  "a23456789-123456789-123456789-123456789-123456789-123456789-123" },
	{ "a serial of 20 bytes", 0, FORGE_ED25519, BODY, SERIAL,
	  "02147fffffffffffffffffffffffffffffffffffffff" },
	{ "the smallest serial", 0, FORGE_ED25519, BODY, SERIAL, "020101" },
	{ "an end in 2050", 0, FORGE_ED25519, BODY, VALIDITY,
	  "3020170d3237303131353038303030305a180f32303530303130313030303030305a" },
	{ "an end in 2049", 0, FORGE_ED25519, BODY, VALIDITY,
	  "301e170d3237303131353038303030305a170d3439313233313233353935395a" },
	{ "one second of life", 0, FORGE_ED25519, BODY, VALIDITY,
	  "301e170d3237303131353038303030305a170d3237303131353038303030315a" },
	{ "a P-256 key", 0, FORGE_ED25519, STATE_KEY, 0,
	  "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
	  "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
	  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299" },
	{ "5 minutes early", 0, FORGE_ED25519, AT_TIME, -SKEW_US, "" },
	{ "5 minutes late", 0, FORGE_ED25519, AT_TIME, 365 * DAY_US + SKEW_US, "" },
};

static const struct recipe bad[] = {
	/* When. */
	{ "a moment too early", ERR_NOT_YET, FORGE_ED25519, AT_TIME, -SKEW_US - 1, "" },
	{ "a moment too late", ERR_EXPIRED, FORGE_ED25519, AT_TIME, 365 * DAY_US + SKEW_US + 1,
	  "" },
	{ "years too early", ERR_NOT_YET, FORGE_P256, AT_TIME, -4000 * DAY_US, "" },
	{ "years too late", ERR_EXPIRED, FORGE_P256, AT_TIME, 4000 * DAY_US, "" },
	{ "open: a moment too early", ERR_NOT_YET, FORGE_OPEN, AT_TIME, -SKEW_US - 1, "" },
	{ "open: a moment too late", ERR_EXPIRED, FORGE_OPEN, AT_TIME, 365 * DAY_US + SKEW_US + 1,
	  "" },

	/* What it states. */
	{ "a name with capitals", ERR_CERTIFICATE, FORGE_ED25519, STATE_NAME, 0, "Alpha" },
	{ "a name with an underscore", ERR_CERTIFICATE, FORGE_ED25519, STATE_NAME, 0, "al_pha" },
	{ "a name of two labels", ERR_CERTIFICATE, FORGE_ED25519, STATE_NAME, 0, "alpha.example" },
	{ "a name with a hyphen in front", ERR_CERTIFICATE, FORGE_ED25519, STATE_NAME, 0, "-a" },
	{ "a name with a hyphen behind", ERR_CERTIFICATE, FORGE_ED25519, STATE_NAME, 0, "a-" },
	{ "a name that is the CA's", ERR_CERTIFICATE, FORGE_ED25519, STATE_NAME, 0, "ipop:office" },
	{ "a name of 64 characters", ERR_MALFORMED, FORGE_ED25519, STATE_NAME, 0,
	  "a23456789-123456789-123456789-123456789-123456789-123456789-1234" },
	{ "another network", ERR_FOREIGN, FORGE_ED25519, STATE_NETWORK, 0, "" },
	{ "open: another network", ERR_FOREIGN, FORGE_OPEN, STATE_NETWORK, 0, "" },
	{ "class open in a group", ERR_CERTIFICATE, FORGE_ED25519, STATE_CLASS, 2, "" },
	{ "class group in an open network", ERR_CERTIFICATE, FORGE_OPEN, STATE_CLASS, 1, "" },
	{ "class 0", ERR_CERTIFICATE, FORGE_ED25519, STATE_CLASS, 0, "" },
	{ "class 3", ERR_CERTIFICATE, FORGE_ED25519, STATE_CLASS, 3, "" },
	{ "no salt in a group", ERR_CERTIFICATE, FORGE_ED25519, STATE_SALT, 0, "" },
	{ "a salt in an open network", ERR_CERTIFICATE, FORGE_OPEN, STATE_SALT, 1, "" },
	{ "the CA's key", ERR_CERTIFICATE, FORGE_ED25519, STATE_CA_KEY, 0, "" },
	{ "the CA's P-256 key", ERR_CERTIFICATE, FORGE_P256, STATE_CA_KEY, 0, "" },
	{ "an X25519 key", ERR_CERTIFICATE, FORGE_ED25519, STATE_KEY, 0,
	  "302a300506032b656e0321008520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e"
	  "6a" },
	{ "an Ed448 key", ERR_CERTIFICATE, FORGE_ED25519, STATE_KEY, 0,
	  "3043300506032b6571033a005fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778"
	  "edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180" },
	{ "an RSA key of 512 bits", ERR_CERTIFICATE, FORGE_ED25519, STATE_KEY, 0,
	  "305c300d06092a864886f70d0101010500034b003048024100bc043060e6d1f0b71178fe2f60a20548c6a801"
	  "7c2a7aff9349631796c0cdbd83c18286dd144719556296f8fd3c9d3b4af5501fc554527cd78b61ee0090f556"
	  "5d0203010001" },
	{ "a secp256k1 key", ERR_CERTIFICATE, FORGE_ED25519, STATE_KEY, 0,
	  "3056301006072a8648ce3d020106052b8104000a03420004"
	  "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	  "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8" },
	{ "a P-256 key, compressed", ERR_CERTIFICATE, FORGE_ED25519, STATE_KEY, 0,
	  "3039301306072a8648ce3d020106082a8648ce3d030107032200"
	  "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" },
	{ "a P-256 key that is not on the curve", ERR_CERTIFICATE, FORGE_ED25519, STATE_KEY, 0,
	  "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
	  "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
	  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462298" },
	{ "an Ed25519 key with parameters", ERR_CERTIFICATE, FORGE_ED25519, STATE_KEY, 0,
	  "302c300706032b65700500032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707"
	  "511a" },
	{ "a key longer than any of ours", ERR_MALFORMED, FORGE_ED25519, STATE_KEY, 0,
	  "3076301006072a8648ce3d020106052b8104002203620004aa87ca22be8b05378eb1c71ef320ad746e1d3b62"
	  "8ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29"
	  "f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f" }, /* P-384 */

	/* The body, item by item. */
	{ "version 1, yet with extensions", ERR_MALFORMED, FORGE_ED25519, BODY, VERSION, "" },
	{ "version 2", ERR_CERTIFICATE, FORGE_ED25519, BODY, VERSION, "a003020101" },
	{ "version 4", ERR_CERTIFICATE, FORGE_ED25519, BODY, VERSION, "a003020103" },
	{ "serial 0", ERR_CERTIFICATE, FORGE_ED25519, BODY, SERIAL, "020100" },
	{ "a negative serial", ERR_MALFORMED, FORGE_ED25519, BODY, SERIAL, "0201ff" },
	{ "an empty serial", ERR_MALFORMED, FORGE_ED25519, BODY, SERIAL, "0200" },
	{ "a serial with a needless zero", ERR_MALFORMED, FORGE_ED25519, BODY, SERIAL, "02020001" },
	{ "a serial of 21 bytes", ERR_MALFORMED, FORGE_ED25519, BODY, SERIAL,
	  "0215010000000000000000000000000000000000000000" },
	{ "a serial of 21 bytes, the first for the sign", ERR_CERTIFICATE, FORGE_ED25519, BODY,
	  SERIAL, "021500ff00000000000000000000000000000000000000" },
	{ "another algorithm inside", ERR_CERTIFICATE, FORGE_ED25519, BODY, ALGORITHM,
	  "300a06082a8648ce3d040302" },
	{ "an algorithm with parameters inside", ERR_CERTIFICATE, FORGE_ED25519, BODY, ALGORITHM,
	  "300706032b65700500" },
	{ "SHA-384 inside", ERR_CERTIFICATE, FORGE_P256, BODY, ALGORITHM,
	  "300a06082a8648ce3d040303" },
	{ "an empty issuer", ERR_CERTIFICATE, FORGE_ED25519, BODY, ISSUER, "3000" },
	{ "an issuer in capitals", ERR_CERTIFICATE, FORGE_ED25519, BODY, ISSUER,
	  "30163114301206035504030c0b69706f703a4f4646494345" },
	{ "an issuer as PrintableString", ERR_CERTIFICATE, FORGE_ED25519, BODY, ISSUER,
	  "3016311430120603550403130b69706f703a6f6666696365" },
	{ "another issuer", ERR_CERTIFICATE, FORGE_ED25519, BODY, ISSUER,
	  "30163114301206035504030c0b69706f703a6f6666696364" },
	{ "a subject as PrintableString", ERR_CERTIFICATE, FORGE_ED25519, BODY, SUBJECT,
	  "3010310e300c06035504031305616c706861" },
	{ "a subject of two names", ERR_CERTIFICATE, FORGE_ED25519, BODY, SUBJECT,
	  "3020310e300c06035504030c05616c706861310e300c06035504030c05616c706862" },
	{ "a subject with an organisation", ERR_CERTIFICATE, FORGE_ED25519, BODY, SUBJECT,
	  "301d310e300c06035504030c05616c706861310b3009060355040a0c026974" },
	{ "a subject that is an organisation", ERR_CERTIFICATE, FORGE_ED25519, BODY, SUBJECT,
	  "3010310e300c060355040a0c05616c706861" },
	{ "a subject with a zero byte in it", ERR_CERTIFICATE, FORGE_ED25519, BODY, SUBJECT,
	  "30123110300e06035504030c07616c7068610062" },
	{ "an empty subject", ERR_MALFORMED, FORGE_ED25519, BODY, SUBJECT, "3000" },
	{ "a subject that the names do not know", ERR_CERTIFICATE, FORGE_ED25519, BODY, SUBJECT,
	  "3010310e300c06035504030c05616c706862" },
	{ "an end at the beginning", ERR_CERTIFICATE, FORGE_ED25519, BODY, VALIDITY,
	  "301e170d3237303131353038303030305a170d3237303131353038303030305a" },
	{ "an end before the beginning", ERR_CERTIFICATE, FORGE_ED25519, BODY, VALIDITY,
	  "301e170d3237303131353038303030305a170d3237303131353037353935395a" },
	{ "open: an end before the beginning", ERR_CERTIFICATE, FORGE_OPEN, BODY, VALIDITY,
	  "301e170d3237303131353038303030305a170d3237303131353037353935395a" },
	{ "a date without seconds", ERR_MALFORMED, FORGE_ED25519, BODY, VALIDITY,
	  "301c170b323730313135303830305a170d3238303131353038303030305a" },
	{ "a date with a time zone", ERR_CERTIFICATE, FORGE_ED25519, BODY, VALIDITY,
	  "302217113237303131353038303030302b30303030170d3238303131353038303030305a" },
	{ "a date with a fraction", ERR_CERTIFICATE, FORGE_ED25519, BODY, VALIDITY,
	  "3022181132303237303131353038303030302e305a170d3238303131353038303030305a" },
	{ "a date before 2050 in the long form", ERR_CERTIFICATE, FORGE_ED25519, BODY, VALIDITY,
	  "3020180f32303237303131353038303030305a170d3238303131353038303030305a" },
	{ "the 30th of February", ERR_MALFORMED, FORGE_ED25519, BODY, VALIDITY,
	  "301e170d3237303131353038303030305a170d3238303233303038303030305a" },
	{ "three dates", ERR_CERTIFICATE, FORGE_ED25519, BODY, VALIDITY,
	  "302d170d3237303131353038303030305a170d3238303131353038303030305a170d3238303131353038303"
	  "030305a" },
	{ "an issuerUniqueID", ERR_MALFORMED, FORGE_ED25519, BODY_INSERT, EXTENSIONS, "810200aa" },
	{ "a subjectUniqueID", ERR_MALFORMED, FORGE_ED25519, BODY_INSERT, EXTENSIONS, "820200aa" },
	{ "no extensions at all", ERR_MALFORMED, FORGE_ED25519, BODY, EXTENSIONS, "" },
	{ "something behind the extensions", ERR_CERTIFICATE, FORGE_ED25519, BODY_INSERT,
	  EXTENSIONS + 1, "0500" },

	/* The extensions. */
	{ "no authorityKeyIdentifier", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, AUTHORITY, "" },
	{ "another authorityKeyIdentifier", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, AUTHORITY,
	  "301f0603551d230418301680140102030405060708090a0b0c0d0e0f1011121314" },
	{ "no basicConstraints", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, BASIC, "" },
	{ "a CA", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, BASIC,
	  "300f0603551d130101ff040530030101ff" },
	{ "a CA with pathlen", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, BASIC,
	  "30120603551d130101ff040830060101ff020100" },
	{ "a pathlen without being a CA", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, BASIC,
	  "300f0603551d130101ff04053003020100" },
	{ "no CA, in words", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, BASIC,
	  "300f0603551d130101ff04053003010100" },
	{ "basicConstraints not critical", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, BASIC,
	  "30090603551d1304023000" },
	{ "basicConstraints not critical, in words", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION,
	  BASIC, "300c0603551d1301010004023000" },
	{ "critical in another value of true", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, BASIC,
	  "300c0603551d1301010104023000" },
	{ "basicConstraints twice", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION_INSERT, BASIC,
	  "300c0603551d130101ff04023000" },
	{ "no keyUsage", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, USAGE, "" },
	{ "keyUsage not critical", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, USAGE,
	  "300b0603551d0f040403020780" },
	{ "keyUsage with keyEncipherment too", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, USAGE,
	  "300e0603551d0f0101ff0404030205a0" },
	{ "keyUsage keyCertSign", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, USAGE,
	  "300e0603551d0f0101ff040403020204" },
	{ "keyUsage with digitalSignature and keyCertSign", ERR_CERTIFICATE, FORGE_ED25519,
	  EXTENSION, USAGE, "300e0603551d0f0101ff040403020284" },
	{ "no extendedKeyUsage", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, PURPOSES, "" },
	{ "a web server's purpose", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, PURPOSES,
	  "30130603551d25040c300a06082b06010505070301" },
	{ "any purpose", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, PURPOSES,
	  "300f0603551d25040830060604551d2500" },
	{ "our purpose and a web client's", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, PURPOSES,
	  "30290603551d2504223020061469d19bcfa3dadcbaabff8eecede3a39c97c50502"
	  "06082b06010505070302" },
	{ "no subjectAltName", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION, NAMES, "" },
	{ "another id", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "uD" },
	{ "two ids", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "UuD" },
	{ "an id that is not ours", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "HD" },
	{ "no id", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "D" },
	{ "no host name", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "U" },
	{ "another host name", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "Ud" },
	{ "two host names", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "UDd" },
	{ "the same host name twice", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "UDD" },
	{ "names in another order", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "DU" },
	{ "two addresses", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "UDIi" },
	{ "the address in front", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "IUD" },
	{ "an IPv6 address", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "UD6" },
	{ "an electronic mail address", ERR_CERTIFICATE, FORGE_ED25519, NAMES_ARE, 0, "UDE" },
	{ "no names in the list", ERR_MALFORMED, FORGE_ED25519, NAMES_ARE, 0, "" },
	{ "our extension missing", ERR_MALFORMED, FORGE_ED25519, EXTENSION, OURS, "" },
	{ "our extension in version 2", ERR_CERTIFICATE, FORGE_ED25519, OURS_BYTE, 4, "02" },
	{ "another salt than the id's", ERR_CERTIFICATE, FORGE_ED25519, OURS_BYTE, 40, "5a" },
	{ "a salt of another type", ERR_CERTIFICATE, FORGE_ED25519, OURS_BYTE, 30, "03" },
	{ "an unknown extension, critical", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION_INSERT, NAMES,
	  "300d06032a03040101ff0403040100" },
	{ "an unknown extension", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION_INSERT, NAMES,
	  "300a06032a03040403040100" },
	{ "an unknown extension behind ours", ERR_MALFORMED, FORGE_ED25519, EXTENSION_INSERT,
	  OURS + 1, "300a06032a03040403040100" },
	{ "a subjectKeyIdentifier", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION_INSERT, BASIC,
	  "301d0603551d0e041604140102030405060708090a0b0c0d0e0f1011121314" },
	{ "name constraints", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION_INSERT, BASIC,
	  "30120603551d1e0101ff04083006a00430028200" },
	{ "two extensions in another order", ERR_CERTIFICATE, FORGE_ED25519, EXTENSION_SWAP, BASIC,
	  "" },
	{ "an empty extension", ERR_MALFORMED, FORGE_ED25519, EXTENSION_INSERT, BASIC, "3000" },
	{ "longer than allowed", ERR_TOO_LONG, FORGE_ED25519, EXTENSION_LONG, 200, "" },
	{ "far longer than allowed", ERR_TOO_LONG, FORGE_ED25519, EXTENSION_LONG, 1000, "" },

	/* Who signed, and how. */
	{ "by another CA of the same name", ERR_CERTIFICATE, FORGE_ED25519, SIGNER_FOREIGN, 0, "" },
	{ "by the member, in the CA's name", ERR_CERTIFICATE, FORGE_ED25519, SIGNER_MEMBER, 0, "" },
	{ "self-signed in a group", ERR_CERTIFICATE, FORGE_ED25519, SELF_SIGNED, 0, "" },
	{ "open: by another", ERR_CERTIFICATE, FORGE_OPEN, SIGNER_FOREIGN, 0, "" },
	{ "open: issued in another's name", ERR_CERTIFICATE, FORGE_OPEN, BODY, ISSUER,
	  "3010310e300c06035504030c05616c706862" },
	{ "open: with an authorityKeyIdentifier", ERR_CERTIFICATE, FORGE_OPEN, EXTENSION_INSERT, 0,
	  "301f0603551d230418301680140102030405060708090a0b0c0d0e0f1011121314" },
	{ "a bit of the signature", ERR_CERTIFICATE, FORGE_ED25519, SIGNATURE_FLIP, 0, "" },
	{ "a bit of the P-256 signature", ERR_CERTIFICATE, FORGE_P256, SIGNATURE_FLIP, 0, "" },
	{ "open: a bit of the signature", ERR_CERTIFICATE, FORGE_OPEN, SIGNATURE_FLIP, 0, "" },
	{ "no signature", ERR_CERTIFICATE, FORGE_ED25519, SIGNATURE_IS, 0, "" },
	{ "a signature of zeros", ERR_CERTIFICATE, FORGE_P256, SIGNATURE_IS, 0,
	  "3006020100020100" },
	{ "the signature with the higher s", ERR_CERTIFICATE, FORGE_P256, SIGNATURE_HIGH, 0, "" },
	{ "the signature with a needless zero", ERR_CERTIFICATE, FORGE_P256, SIGNATURE_LONG, 0,
	  "" },
	{ "an unused bit in the signature", ERR_CERTIFICATE, FORGE_ED25519, SIGNATURE_BITS, 0, "" },
	{ "another algorithm outside", ERR_CERTIFICATE, FORGE_ED25519, OUTER_ALGORITHM, 0,
	  "300a06082a8648ce3d040302" },
	{ "an algorithm with parameters outside", ERR_CERTIFICATE, FORGE_P256, OUTER_ALGORITHM, 0,
	  "300c06082a8648ce3d0403020500" },

	/* The whole. */
	{ "nothing", ERR_MALFORMED, FORGE_ED25519, WHOLE, 0, "" },
	{ "an empty sequence", ERR_MALFORMED, FORGE_ED25519, WHOLE, 0, "3000" },
	{ "a PEM text", ERR_MALFORMED, FORGE_ED25519, WHOLE, 0, "2d2d2d2d2d424547494e20434552" },
	{ "a byte behind the end", ERR_MALFORMED, FORGE_ED25519, WHOLE_APPEND, 0, "00" },
	{ "the last byte missing", ERR_MALFORMED, FORGE_ED25519, WHOLE_CUT, 1, "" },
	{ "the signature missing", ERR_MALFORMED, FORGE_ED25519, WHOLE_CUT, 67, "" },
	{ "a length longer than needed", ERR_MALFORMED, FORGE_ED25519, WHOLE_LENGTH, 0, "" },
	{ "a length without end", ERR_MALFORMED, FORGE_ED25519, WHOLE_ENDLESS, 0, "" },
	{ "the CA's certificate", ERR_MALFORMED, FORGE_ED25519, WHOLE_CA, 0, "" },
};

#endif
