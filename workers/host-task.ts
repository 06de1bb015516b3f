/** What a host is told when it is set up on a worker thread: types alone, since whoever tells it does not load it. */
import type { MessagePort } from 'node:worker_threads';
import type { PortShardSettings } from './port-shard.js';

export interface HostTask {
  readonly module: string;
  readonly imports: readonly string[];
  readonly config: unknown;
  readonly settings: PortShardSettings;
  readonly memory: SharedArrayBuffer;
  readonly heartbeatMs: number;
  readonly data: MessagePort;
  readonly control: MessagePort;
}
