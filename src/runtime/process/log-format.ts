// The CRI's log format: `RFC3339Nano stream P|F text`, one line each; P is a part of a line that goes on.
// https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md

/** Longer lines are cut into parts, as containerd does. */
export const MAX_LINE_BYTES = 16 * 1024;

const NEWLINE = 10;

export type LogStream = 'stdout' | 'stderr';

export type LineSplitter = {
  /** The log lines that `chunk` completes. */
  readonly push: (chunk: Uint8Array, nowMs: number) => Buffer;
  /** The rest without a newline, as a line. */
  readonly end: (nowMs: number) => Buffer;
};

/** Turns a container's output, in chunks as it comes, into log lines. */
export const createLineSplitter = (stream: LogStream): LineSplitter => {
  let rest = Buffer.alloc(0);
  const push = (chunk: Uint8Array, nowMs: number): Buffer => {
    const time = timestamp(nowMs);
    const lines: Buffer[] = [];
    let from = 0;
    const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : Buffer.from(chunk);
    for (;;) {
      const newline = data.indexOf(NEWLINE, from);
      const end = newline < 0 ? data.length : newline;
      while (end - from > MAX_LINE_BYTES) {
        lines.push(logLine(time, stream, 'P', data.subarray(from, from + MAX_LINE_BYTES)));
        from += MAX_LINE_BYTES;
      }
      if (newline < 0) break;
      lines.push(logLine(time, stream, 'F', data.subarray(from, newline)));
      from = newline + 1;
    }
    rest = data.subarray(from);
    return Buffer.concat(lines);
  };
  const end = (nowMs: number): Buffer => {
    if (rest.length === 0) return rest;
    const line = logLine(timestamp(nowMs), stream, 'F', rest);
    rest = Buffer.alloc(0);
    return line;
  };
  return { push, end };
};

const logLine = (time: string, stream: LogStream, tag: 'P' | 'F', text: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${time} ${stream} ${tag} `), text, Buffer.of(NEWLINE)]);

/** RFC 3339 with nine digits, of which a clock in milliseconds knows three. */
const timestamp = (nowMs: number): string => new Date(nowMs).toISOString().replace('Z', '000000Z');
