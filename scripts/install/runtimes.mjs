// Where the packages of other runtimes hold their programs, as each calls the platform: their own install scripts only link them.

export function programsOn(platform, arch) {
  const isWindows = platform === 'win32';
  const ending = isWindows ? '.exe' : '';
  const bun = `${isWindows ? 'windows' : platform}-${arch === 'arm64' ? 'aarch64' : arch}`;
  const deno = `${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  return { bun: `@oven/bun-${bun}/bin/bun${ending}`, deno: `@deno/${deno}/deno${ending}` };
}
