// From DataLoader, or rather: with it. It makes one call of many different keys; a coalescer makes one call of many equal requests. What changes
// where a loader was shared to join equal requests:
// - a loader for each HTTP request is no longer needed to keep values fresh: nothing is kept (`cache: false`), and requests of all clients join;
// - an error is not remembered: DataLoader keeps the rejected promise until `clear`;
// - a key that is asked for while its batch is away joins it, where `cache: false` alone would load it again.
import { coalesce } from 'coalescer';
import DataLoader from 'dataloader';

export type LoadUsers = (ids: readonly number[]) => Promise<string[]>;
export type ReadUser = (id: number) => Promise<string>;

export function before(loadUsers: LoadUsers): ReadUser {
  const loader = new DataLoader<number, string>((ids) => loadUsers(ids));
  return (id) => loader.load(id);
}

export function after(loadUsers: LoadUsers): ReadUser {
  const loader = new DataLoader<number, string>((ids) => loadUsers(ids), { cache: false });
  return coalesce((id: number) => loader.load(id), { scope: 'public' });
}
