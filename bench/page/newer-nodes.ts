/** How the bounds hold on Nodes that are newer than the one of the page: a column for each run. */
import { bounds } from '../bounds.js';
import { judge, type Judgement } from '../judge.js';
import { short } from '../measure/words.js';
import type { Results } from '../results.js';

export const signs: Readonly<Record<Judgement['verdict'], string>> = { holds: '✅', 'does not hold': '❌', 'not measured': '—' };

/** `page`: the run that the page is of. No others: no section. Bounds that no other run measured are left out. */
export function newerNodes(page: Results, newer: readonly Results[]): string[] {
  if (newer.length === 0) return [];
  const runs = [page, ...newer].map(({ place, samples }) => ({ node: place.node, judgements: judge(bounds, samples) }));
  return [
    '## On newer Nodes',
    '',
    'The same bounds, each run by itself, maybe on another machine: the largest median of its conditions. Made by `npx -p node@24 -c "npm run bench -- --scope join,key,flight,failover --json bench/results.node24.json"`.',
    '',
    'From Node 24 on re-entrance is noticed by default, which no peer does: a flight takes some 60 ns more for it. `detectReentrance: false` is as on the Nodes before.',
    '',
    `| row | beside | at most | ${runs.map(({ node }) => node).join(' | ')} |`,
    `|---|---|--:|${runs.map(() => '--:').join('|')}|`,
    ...bounds.flatMap((bound, at) => {
      const judged = runs.map(({ judgements }) => judgements[at] as Judgement);
      if (judged.slice(1).every(({ verdict }) => verdict === 'not measured')) return [];
      return `| ${bound.row} | ${bound.against ?? ''} | ${short(bound.most)} | ${judged.map(cellOf).join(' | ')} |`;
    }),
    '',
  ];
}

function cellOf({ verdict, readings }: Judgement): string {
  return verdict === 'not measured' ? signs[verdict] : `${signs[verdict]} ${short(Math.max(...readings.map(({ p50 }) => p50)))}`;
}
