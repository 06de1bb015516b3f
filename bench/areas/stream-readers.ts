/** Ways of reading a stream to its end, each of which counts what it got. */

export async function readThrough(stream: AsyncIterable<unknown>, expected: number): Promise<void> {
  let count = 0;
  for await (const chunk of stream) count += chunk === undefined ? 0 : 1;
  check(count, expected);
}

export async function readInBatches(batches: AsyncIterable<readonly unknown[]>, expected: number): Promise<void> {
  let count = 0;
  for await (const chunks of batches) count += chunks.length;
  check(count, expected);
}

function check(count: number, expected: number): void {
  if (count !== expected) throw new Error(`a reader got ${count} chunks of ${expected}`);
}
