// The house's checks are only as good as its reading: comments, quotes, templates and regular expressions must not be taken for code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareCode, commentsOf, importsOf, withoutComments } from './scan.js';

const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim();

test('comments are blanked, and the places of everything else stay', () => {
  const text = 'a(); // b()\n/* c()\n d() */ e();';
  assert.equal(withoutComments(text).length, text.length);
  assert.equal(withoutComments(text).indexOf('e()'), text.indexOf('e()'));
  assert.equal(squeeze(withoutComments(text)), 'a(); e();');
  assert.equal(squeeze(commentsOf(text)), '// b() /* c() d() */');
});

test('a comment sign inside quotes, a template or a regular expression is no comment', () => {
  for (const text of ["f('// a');", 'f("/* a");', 'f(`// a ${b} /* c`);', 'f(/[/]\\/* a/g);', "f('it\\'s // a');"]) {
    assert.equal(withoutComments(text), text);
  }
});

test('only code is left when quotes are blanked too, and code inside a template is code', () => {
  assert.equal(squeeze(bareCode("f('now()', `now() ${later({ a: `x ${deep()}` })} now()`, /now()/);")), 'f( , later({ a: deep() }) , );');
});

test('a slash after a value divides', () => {
  assert.equal(squeeze(bareCode('const half = (a + b) / 2 / c; g();')), 'const half = (a + b) / 2 / c; g();');
  assert.equal(squeeze(bareCode('return /g()/.test(x);')), 'return .test(x);');
});

test('every way of naming another file is found', () => {
  const text = [
    "import { a,\n  b } from './one.js';",
    "import type { C } from './two.js';",
    "import './three.js';",
    "export * from './four.js';",
    "const five = await import('./five.js');",
    "const six = new URL('./six.js', import.meta.url);",
    "type Seven = typeof import('./seven.js');",
    "// import './no.js';",
    "const url = new URL('https://example.com/no');",
  ].join('\n');
  const found = importsOf({ path: 'src/a.ts', text });
  assert.deepEqual(
    found.map((entry) => [entry.specifier, entry.isTypeOnly]),
    [
      ['./one.js', false],
      ['./two.js', true],
      ['./three.js', false],
      ['./four.js', false],
      ['./five.js', false],
      ['./six.js', false],
      ['./seven.js', true],
    ],
  );
});
