// The WebSocket protocols of exec and attach: v5.channel.k8s.io and v4.channel.k8s.io (KEP-4006).
// Each message begins with the number of its channel; in v5 `255 CHANNEL` closes one.
import type { TerminalSize } from '../../../runtime/runtime.ts';

const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
export const ERROR = 3;
const RESIZE = 4;
export const CLOSE = 255;

export type ClientMessage =
  | { readonly kind: 'stdin'; readonly data: Buffer }
  | { readonly kind: 'close-stdin' }
  | ({ readonly kind: 'resize' } & TerminalSize)
  | { readonly kind: 'other' };

export const parseMessage = (message: Buffer): ClientMessage => {
  const data = message.subarray(1);
  if (message[0] === STDIN) return { kind: 'stdin', data };
  if (message[0] === CLOSE && data[0] === STDIN) return { kind: 'close-stdin' };
  const size = message[0] === RESIZE ? parseSize(data.toString()) : undefined;
  return size ? { kind: 'resize', ...size } : { kind: 'other' };
};

/** `{"Width":80,"Height":24}`; undefined for anything else. */
export const parseSize = (text: string): TerminalSize | undefined => {
  try {
    const { Width, Height } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return isSize(Width) && isSize(Height) ? { columns: Width, rows: Height } : undefined;
  } catch {
    return undefined;
  }
};

const isSize = (size: unknown): size is number =>
  Number.isInteger(size) && (size as number) > 0 && (size as number) < 65536;

export const frame = (channel: number, data: Uint8Array): Buffer => Buffer.concat([Buffer.of(channel), data]);
