/* tbl/dialects.h - every dialect there is, in the order in which paths are tried. */
DIALECT(native)
DIALECT(arduino)
DIALECT(rainmaker)
