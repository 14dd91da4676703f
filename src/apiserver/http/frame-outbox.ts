// What watches write, gathered until the event loop's turn ends: a client gets the events of a turn in one piece, and
// watchers of the same events share its bytes. So a server that was late for a moment has the less to do in the next.

export type FrameReader = { readonly send: (bytes: Uint8Array) => void };

export type FrameOutbox = {
  /** The reader gets it when the turn ends, with all that is added for it until then. */
  readonly add: (reader: FrameReader, frame: Uint8Array) => void;
  /** What the reader would get, and then will not. */
  readonly take: (reader: FrameReader) => Uint8Array | undefined;
};

/** Frames in a row, as a list that grows at its end; readers that are added the same ones have the same list. */
type Batch = {
  readonly before: Batch | undefined;
  readonly frame: Uint8Array;
  /** The last list that was made of this one. */
  next: Batch | undefined;
  bytes: Uint8Array | undefined;
};

/** `atEnd` calls back when the turn ends. */
export const createFrameOutbox = (atEnd: (send: () => void) => void = setImmediate): FrameOutbox => {
  let batches = new Map<FrameReader, Batch>();
  let first: Batch | undefined;
  const sendAll = (): void => {
    const due = batches;
    batches = new Map();
    first = undefined;
    for (const [reader, batch] of due) reader.send(bytesOf(batch));
  };
  return {
    add: (reader, frame) => {
      const batch = batches.get(reader);
      const known = batch ? batch.next : first;
      const longer =
        known?.frame === frame ? known : { before: batch, frame, next: undefined, bytes: undefined };
      if (batch) batch.next = longer;
      else first = longer;
      batches.set(reader, longer);
      if (batches.size === 1 && !batch) atEnd(sendAll);
    },
    take: (reader) => {
      const batch = batches.get(reader);
      batches.delete(reader);
      return batch && bytesOf(batch);
    },
  };
};

const bytesOf = (batch: Batch): Uint8Array =>
  (batch.bytes ??= batch.before ? Buffer.concat(framesOf(batch)) : batch.frame);

const framesOf = (last: Batch): readonly Uint8Array[] => {
  const frames: Uint8Array[] = [];
  for (let batch: Batch | undefined = last; batch; batch = batch.before) frames.push(batch.frame);
  return frames.reverse();
};
