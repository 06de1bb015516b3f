// The file that the thread pool loads on each worker thread. It is CommonJS because the pool would `require` an ES module: Node 20.20 aborts the
// whole process when a thread is ended in the middle of that (V8: "IsGraphAsync must be used on an instantiated module"). An `import()` may be ended.
import type { HostTask } from './host-task.js' with { 'resolution-mode': 'import' };

const host = import('./host.js');

module.exports = async (task: HostTask): Promise<number> => (await host).default(task);
