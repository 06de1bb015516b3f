/** What a host is given when it is set up on a worker thread: types only, since the sender does not load the host. */
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
