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
};

/** One line for each, sorted: `tcp . 10.96.0.10 . 80 -> 1:10.244.0.5 . 8080`. */
export const toText = (translations: Iterable<Translation>): string =>
  [...translations]
    .map(({ match, endpoints }) => `${match} -> ${endpoints.map(({ id, at }) => `${id}:${at}`).join(', ')}`)
    .sort()
    .join('\n');
