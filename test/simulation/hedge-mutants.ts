/** Bugs put in on purpose where a second attempt is made beside one that is out, and where one of two is ended. */
import * as flight from '../../machines/flight.table.js';
import { Front } from '../../src/front.js';
import { Accounts } from '../../workers/accounts.js';
import { Attempt, type AbortCause } from '../../workers/attempt.js';
import { Attempts } from '../../workers/attempts.js';
import type { FlightRecord } from '../../workers/flight-record.js';
import type { Hedge } from '../../workers/hedge.js';
import { HedgeAllowance } from '../../workers/hedge-allowance.js';
import { Hedging } from '../../workers/hedging.js';
import type { AttemptRecord } from '../../workers/protocol.js';
import { Shard } from '../../workers/shard.js';
import { SharedMemory, type LedgerEntry } from '../../workers/shared-memory.js';
import { Streams } from '../../workers/streams.js';
import { TargetHealth } from '../../workers/target-health.js';
import { swap, type Mutant } from './planting.js';

const areTwo = ({ hedge }: FlightRecord): boolean => hedge !== null && hedge.rival !== null;

/** Several bugs that are one. */
const all =
  (...plants: readonly Mutant['plant'][]): Mutant['plant'] =>
  () => {
    const takeOut = plants.map((plant) => plant());
    return () => {
      for (const out of takeOut) out();
    };
  };

/** Another event in the place of one, where two are out. */
const steps = (make: (record: FlightRecord, event: number) => number | null): Mutant['plant'] =>
  swap(
    Shard.prototype,
    'step',
    (step) =>
      function (record: FlightRecord, event: number) {
        const other = make(record, event);
        if (other !== null) step.call(this, record, other);
      },
  );

export const HEDGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'the one that was outraced is not told to stop',
    plant: swap(
      Attempt.prototype,
      'abort',
      (abort) =>
        function (cause: AbortCause) {
          if (cause !== 'outraced') abort.call(this, cause);
        },
    ),
  },
  {
    name: 'the stream of the one that was outraced stays open',
    plant: swap(
      Attempts.prototype,
      'endRival',
      (endRival) =>
        function (record: FlightRecord, hedge: Hedge, cause: AbortCause) {
          if (hedge.rival !== null) hedge.rival = { ...hedge.rival, pump: null };
          endRival.call(this, record, hedge, cause);
        },
    ),
  },
  {
    name: 'an error of one of two is the end',
    plant: steps((record, event) => (event === flight.ATTEMPT_REJECTED && areTwo(record) ? flight.ATTEMPT_ANSWERED : event)),
  },
  {
    name: 'the second attempt goes where the first one is',
    plant: swap(
      Attempts.prototype,
      'startHedge',
      (startHedge) =>
        function (record: FlightRecord, hedge: Hedge) {
          hedge.target = record.target;
          startHedge.call(this, record, hedge);
        },
    ),
  },
  {
    name: 'a stream that has begun is hedged',
    plant: all(
      swap(Attempts.prototype, 'opens', () => () => undefined),
      steps((record, event) => (event === flight.STREAM_OPENED && record.hedge?.attempt === 0 ? null : event)),
      // Else only a silence would wake it.
      swap(
        Streams.prototype,
        'isSilent',
        (isSilent) =>
          function (record: FlightRecord, now: number) {
            return record.hedge === null && isSilent.call(this, record, now);
          },
      ),
    ),
  },
  {
    name: 'a flight is hedged again and again',
    plant: swap(
      Attempts.prototype,
      'keepRival',
      (keepRival) =>
        function (record: FlightRecord, hedge: Hedge) {
          keepRival.call(this, record, hedge);
          hedge.attempt = 0;
        },
    ),
  },
  {
    name: 'the pass of the one that was outraced is not given back',
    plant: swap(
      Accounts.prototype,
      'rivalEnds',
      (rivalEnds) =>
        function (...given: unknown[]) {
          const giveBack = swap(TargetHealth.prototype, 'ended', () => () => undefined)();
          rivalEnds.apply(this, given);
          giveBack();
        },
    ),
  },
  { name: 'hedges are made whatever was saved', plant: swap(HedgeAllowance.prototype, 'draw', () => () => true) },
  { name: 'no hedge is ever due', plant: swap(Hedging.prototype, 'begins', () => () => undefined) },
  {
    name: 'a hedge comes early',
    plant: swap(
      Hedging.prototype,
      'begins',
      (begins) =>
        function (record: FlightRecord, now: number) {
          begins.call(this, record, now - 30);
        },
    ),
  },
  {
    name: 'the ledger names one of two for the other',
    plant: swap(
      SharedMemory.prototype,
      'ledger',
      (ledger) =>
        function (slot: number) {
          const entry = ledger.call(this, slot) as LedgerEntry;
          return entry.otherTarget === -1 ? entry : { ...entry, lastTarget: entry.otherTarget, otherTarget: entry.lastTarget };
        },
    ),
  },
  {
    name: 'nothing is told of the one that was outraced',
    plant: swap(
      Front.prototype,
      'attempted',
      (attempted) =>
        function (of, attempt: AttemptRecord) {
          if (attempt.end !== 'outraced') attempted.call(this, of, attempt);
        },
    ),
  },
];
