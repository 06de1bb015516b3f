// What the workflow of the bench compares, by its text: each push with all that was there before it, and each pull request with what it is merged into.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readText } from './tree.js';

const workflow = readText('.github/workflows/bench.yml');
const isPullRequest = "github.event_name == 'pull_request'";

test('a push is compared with what was there before it, however many commits it is of, and a pull request with the other parent of its merge', () => {
  // HEAD~1 saw the last commit of a push only; the branch of a pull request's base may have become faster since the merge was made.
  assert.ok(workflow.includes(`BASE: \${{ ${isPullRequest} && 'HEAD^1' || github.event.before }}`));
  assert.match(workflow, /^ {4}if: \$\{\{ !github\.event\.created \}\}$/m);
  // Both must be there.
  assert.match(workflow, /fetch-depth: 0$/m);
});

test('no push ends the comparison of the one before it', () => {
  assert.ok(workflow.includes(`group: bench-\${{ ${isPullRequest} && github.ref || github.sha }}`));
});

test('what the gate writes is what the workflow reads', () => {
  assert.match(workflow, /^ {10}path: dist-gate$/m);
  assert.match(workflow, /output-file-path: dist-gate\/github-benchmark\.json$/m);
});
