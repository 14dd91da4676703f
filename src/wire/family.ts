// Address families as the kernel numbers them (bits/socket.h).
import type { Family } from '../ip/address.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;

export const familyNumber = (family: Family): number => (family === 4 ? AF_INET : AF_INET6);

/** Undefined for families other than IPv4 and IPv6. */
export const familyFromNumber = (value: number): Family | undefined =>
  value === AF_INET ? 4 : value === AF_INET6 ? 6 : undefined;
