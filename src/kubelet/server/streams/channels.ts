// The WebSocket protocols of exec and attach: v5.channel.k8s.io and v4.channel.k8s.io (KEP-4006).
// Each message begins with the number of its channel; in v5 `255 CHANNEL` closes one.

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const ERROR = 3;
const RESIZE = 4;
const CLOSE = 255;

/** The newest protocol that both sides speak. */
export const chooseProtocol = (offered: Iterable<string>): string | undefined => {
  const names = new Set(offered);
  return PROTOCOLS.find((protocol) => names.has(protocol));
};

export type ClientMessage =
  | { readonly kind: 'stdin'; readonly data: Buffer }
  | { readonly kind: 'close-stdin' }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'other' };

export const parseMessage = (message: Buffer): ClientMessage => {
  const data = message.subarray(1);
  if (message[0] === STDIN) return { kind: 'stdin', data };
  if (message[0] === CLOSE && data[0] === STDIN) return { kind: 'close-stdin' };
  return message[0] === RESIZE ? parseResize(data) : { kind: 'other' };
};

/** `{"Width":80,"Height":24}` */
const parseResize = (data: Buffer): ClientMessage => {
  try {
    const { Width, Height } = JSON.parse(data.toString('utf8')) as Readonly<Record<string, unknown>>;
    const isSize = (size: unknown): size is number =>
      Number.isInteger(size) && (size as number) > 0 && (size as number) < 65536;
    return isSize(Width) && isSize(Height)
      ? { kind: 'resize', columns: Width, rows: Height }
      : { kind: 'other' };
  } catch {
    return { kind: 'other' };
  }
};

export const frame = (channel: number, data: Uint8Array): Buffer => Buffer.concat([Buffer.of(channel), data]);
