// NestJS: a coalescer as a provider that other providers ask for by its token, ready before the application starts, closed by its shut-down hook.
// Written without decorators, so that it compiles anywhere; `@Inject(USERS) private readonly users: Users` in your own classes works as ever.
import { type DynamicModule, type FactoryProvider, type OnApplicationShutdown } from '@nestjs/common';
import { createUsers, type ReadUser, type Users } from './users.js';

export const USERS = Symbol('users');

/** Nest calls the hooks of every provider that has some. `app.enableShutdownHooks()` makes SIGTERM one of the reasons. */
class UsersShutdown implements OnApplicationShutdown {
  readonly #users: Users;

  constructor(users: Users) {
    this.#users = users;
  }

  // Not `onModuleDestroy`: that runs while the server still listens, and new requests would be refused.
  async onApplicationShutdown(): Promise<void> {
    await this.#users.close({ drainMs: 5_000 });
  }
}

export class UsersModule {
  static register(primary: ReadUser, replica: ReadUser): DynamicModule {
    const provider: FactoryProvider<Users> = {
      provide: USERS,
      useFactory: async () => {
        const users = createUsers(primary, replica);
        await users.ready();
        return users;
      },
    };
    const shutdown: FactoryProvider<UsersShutdown> = {
      provide: UsersShutdown,
      inject: [USERS],
      useFactory: (users: Users) => new UsersShutdown(users),
    };
    return { module: UsersModule, providers: [provider, shutdown], exports: [USERS] };
  }
}
