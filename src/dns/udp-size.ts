// How long answers by UDP may be.

/** Larger ones break on networks with small packets (DNS Flag Day 2020). */
export const UDP_BYTES_MAX = 1232;
/** For those who say nothing (RFC 1035 4.2.1). */
export const UDP_BYTES_MIN = 512;
