// What sockets are translated to: a part of what the nftables tables have, with the same slots and ids.

export type Endpoint = {
  readonly id: number;
  /** `10.244.0.5 . 8080` */
  readonly at: string;
};

export type Translation = {
  /** `tcp . 10.96.0.10 . 80` */
  readonly match: string;
  /** By slot number; at least one. */
  readonly endpoints: readonly Endpoint[];
  /** Session affinity by client, for so long after its last connection. */
  readonly stickySeconds: number | undefined;
};

/** One line for each, sorted: `tcp . 10.96.0.10 . 80 -> 1:10.244.0.5 . 8080`, ` sticky 10s`. */
export const toText = (translations: Iterable<Translation>): string =>
  [...translations].map(textOf).sort().join('\n');

const textOf = ({ match, endpoints, stickySeconds }: Translation): string => {
  const sticky = stickySeconds === undefined ? '' : ` sticky ${stickySeconds}s`;
  return `${match} -> ${endpoints.map(({ id, at }) => `${id}:${at}`).join(', ')}${sticky}`;
};
