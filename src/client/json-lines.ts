// A stream of newline-separated JSON documents, as a Kubernetes watch sends it.

const NEWLINE = 0x0a;

/**
 * Yields each line's document as soon as its newline has come; blank lines are skipped, and so is a last line that was
 * cut off. Throws a RangeError for a line of more than `lineBytesMax` bytes, a SyntaxError for one that is not JSON.
 */
export async function* jsonLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<unknown, void> {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...begun, chunk.subarray(start, end)]).toString('utf8');
      [begun, begunBytes, start] = [[], 0, end + 1];
      if (line.trim() !== '') yield JSON.parse(line) as unknown;
    }
    begun.push(chunk.subarray(start));
    begunBytes += chunk.length - start;
    if (begunBytes > lineBytesMax) throw new RangeError(`line of more than ${lineBytesMax} bytes`);
  }
}
