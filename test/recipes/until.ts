// Waits for a state that other event loops' work leads to: sockets have no virtual time. Gives up long before the runner does.
import assert from 'node:assert/strict';

const TURNS_MAX = 2_000;

export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    assert.ok(turn < TURNS_MAX, `did not come to be: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
