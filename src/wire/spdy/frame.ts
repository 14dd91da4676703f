// The frames of SPDY/3.1, as Kubernetes speaks it (https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/).
import type { Headers } from './header-block.ts';

export type Frame =
  | {
      readonly kind: 'data';
      readonly streamId: number;
      /** The sender's last of this stream. */
      readonly isLast: boolean;
      readonly data: Uint8Array;
    }
  | {
      readonly kind: 'syn-stream';
      readonly streamId: number;
      readonly isLast: boolean;
      /** 0, the highest, to 7. */
      readonly priority: number;
      readonly headers: Headers;
    }
  | {
      readonly kind: 'syn-reply' | 'headers';
      readonly streamId: number;
      readonly isLast: boolean;
      readonly headers: Headers;
    }
  | { readonly kind: 'rst-stream'; readonly streamId: number; readonly status: number }
  | { readonly kind: 'settings'; readonly settings: readonly Setting[] }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'goaway'; readonly lastStreamId: number; readonly status: number }
  | { readonly kind: 'window-update'; readonly streamId: number; readonly deltaBytes: number };

export type Setting = { readonly id: number; readonly flags: number; readonly value: number };

export const VERSION = 3;

export const TYPES = {
  'syn-stream': 1,
  'syn-reply': 2,
  'rst-stream': 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  headers: 8,
  'window-update': 9,
} as const satisfies Readonly<Record<Exclude<Frame['kind'], 'data'>, number>>;

export const FLAG_FIN = 1;

/** The status of a RST_STREAM. */
export const RESET = { protocolError: 1, invalidStream: 2, refusedStream: 3, cancel: 5 } as const;
