// The upstream of the recipes for servers: users, read from a primary and its replica.
import { createCoalescer, type Coalescer } from 'coalescer';

export interface User {
  readonly id: string;
  readonly name: string;
}
/** One way to read a user; it passes the signal on, so that nobody works for nobody. */
export type ReadUser = (id: string, context: { readonly signal: AbortSignal }) => Promise<User>;
export type Users = Coalescer<string, User>;

export function createUsers(primary: ReadUser, replica: ReadUser): Users {
  return createCoalescer({ name: 'users', scope: 'public', targets: { primary, replica } });
}
