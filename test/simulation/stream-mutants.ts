/** Bugs put in on purpose where streams are made, kept, compared and handed on. */
import { ChunkLog } from '../../src/chunk-log.js';
import { Flight } from '../../src/flight.js';
import { PortLink } from '../../src/port-link.js';
import { Reader } from '../../src/reader.js';
import { ReplayCheck } from '../../src/replay-check.js';
import { Stream } from '../../src/stream.js';
import { Waiters } from '../../src/waiters.js';
import { Delivered } from '../../workers/delivered.js';
import { Pump } from '../../workers/pump.js';
import type { TargetSpec } from '../../workers/targets.js';
import { nothing, swap, swapGetter, type Mutant } from './planting.js';

type AnySpec = TargetSpec<never, unknown>;

export const STREAM_MUTANTS: readonly Mutant[] = [
  {
    name: 'at a failover one chunk is given again',
    plant: swap(
      ReplayCheck.prototype,
      'compare',
      (compare) =>
        function (chunk) {
          const compared = compare.call(this, chunk);
          return compared.is === 'through' && compared.rest === undefined ? { is: 'through', rest: chunk } : compared;
        },
    ),
  },
  {
    name: 'what the next target says is not compared',
    plant: swap(
      ReplayCheck.prototype,
      'compare',
      (compare) =>
        function (chunk) {
          const compared = compare.call(this, chunk);
          return compared.is === 'different' ? { is: 'through', rest: chunk } : compared;
        },
    ),
  },
  {
    name: 'a stream that merely stops is complete',
    plant: nothing,
    alteration: {
      target: (target: AnySpec) => ({ ...target, isComplete: () => true }),
    },
  },
  {
    name: 'a target goes on from one chunk too few',
    plant: nothing,
    alteration: {
      target: (target: AnySpec) => {
        const { resume } = target;
        if (resume === undefined) return target;
        return { ...target, resume: (payload, delivered, context) => resume(payload, delivered.slice(0, -1), context) };
      },
    },
  },
  {
    name: 'a shard forgets a chunk that it gave',
    plant: swap(
      Delivered.prototype,
      'all',
      (all) =>
        function () {
          return all.call(this)?.slice(1) ?? null;
        },
    ),
  },
  {
    name: 'a relaunch takes along nothing of what was delivered',
    plant: swapGetter(Flight.prototype, 'delivered', () => () => []),
  },
  {
    name: 'any stream may go on in mid-air',
    plant: swap(Flight.prototype, 'mayContinue', () => () => true),
  },
  { name: 'credit is never given', plant: swap(Stream.prototype, 'taken', () => () => undefined) },
  {
    name: 'credit that comes while a chunk is counted is lost',
    plant: swap(
      Pump.prototype,
      'grant',
      (grant) =>
        function (credit) {
          // What `this.#credit -= chunk(value)` did: the credit was read before the chunk was counted.
          grant.call(this, this.isPulling ? credit : 0);
        },
    ),
  },
  {
    name: 'upstream is pulled whoever reads',
    plant: swap(
      Pump.prototype,
      'pull',
      (pull) =>
        function () {
          if (this.credit <= 0) this.grant(1 - this.credit);
          pull.call(this);
        },
    ),
  },
  {
    name: 'the fastest is cut off like any other',
    plant: swapGetter(Reader.prototype, 'cursor', () => () => -1),
  },
  { name: 'nobody is cut off, and everything is kept', plant: swap(Stream.prototype, 'look', () => () => undefined) },
  {
    name: 'the log is let go of under a reader',
    plant: swap(
      ChunkLog.prototype,
      'trim',
      (trim) =>
        function (index) {
          return trim.call(this, index + 1);
        },
    ),
  },
  {
    name: 'a late joiner starts in the middle',
    plant: swap(
      Waiters.prototype,
      'read',
      (read) =>
        function (flight, stream, options, place) {
          return read.call(this, flight, stream, options, { ...place, from: Math.max(place.from, stream.log.length) });
        },
    ),
  },
  {
    name: 'who joins late collects what comes from now on',
    plant: swap(
      ChunkLog.prototype,
      'slice',
      (slice) =>
        function (index) {
          return slice.call(this, index).slice(-1);
        },
    ),
  },
  {
    name: "a reader's leaving ends the others",
    plant: swap(
      Reader.prototype,
      'left',
      (left) =>
        function (reason) {
          left.call(this, reason);
          for (const other of this.stream.readers) other.leave('enough');
        },
    ),
  },
  { name: 'a stream that nobody wants is not closed', plant: swap(Pump.prototype, 'stop', () => () => undefined) },
  {
    name: 'a failure looks like the end',
    plant: swap(
      Reader.prototype,
      'reject',
      () =>
        function () {
          this.ending.ends({ status: 'fulfilled' });
        },
    ),
  },
  {
    name: 'a relaunch is given no credit',
    plant: swap(PortLink.prototype, 'grant', () => () => undefined),
  },
];
