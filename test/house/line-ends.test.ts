// A checkout on Windows has the same bytes: git would write carriage returns there, and what the scripts write and compare with has none.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './tree.js';

test('git keeps line ends as they are, on every platform', { skip: !existsSync(join(root, '.git')) && 'this is no checkout' }, () => {
  const files = execFileSync('git', ['ls-files', '--eol'], { cwd: root, encoding: 'utf8' }).trimEnd().split('\n');
  assert.ok(files.length > 100);
  assert.deepEqual(
    files.filter((line) => !/^i\/(?:lf|none) .*attr\/text=auto eol=lf\s/.test(line)),
    [],
  );
});
