// Batches of netfilter's netlink (linux/netfilter/nfnetlink.h): the messages between a begin and an end are one transaction.

/** Types of the messages that frame a batch. */
export const NFNL_BATCH = { begin: 0x10, end: 0x11 } as const;

/** struct nfgenmsg with the subsystem in network order: the payload of both. */
export const encodeBatchHeader = (subsystem: number): Uint8Array => Uint8Array.of(0, 0, 0, subsystem);
