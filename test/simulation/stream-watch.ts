/** What holds for streams: when upstream is asked for more and told to stop, what may be made of what it said, and how much is held. */
import type { Flight } from '../../src/flight.js';
import { CHUNK_BYTES_EXTRA, CREDIT_BYTES, STREAM_ENDED } from '../../workers/protocol.js';
import { chunkSize } from '../../workers/chunk-size.js';
import { TICK_MS } from '../../workers/wheel.js';
import type { HedgeWatch } from './hedge-watch.js';
import {
  bytesBefore,
  fullText,
  leastOf,
  mostOf,
  newFlightStream,
  type CallStream,
  type FlightStream,
  type ReaderTrace,
} from './stream-traces.js';
import type { StreamSwarm } from './stream-swarm.js';
import { isTooLarge } from './stream-verdicts.js';
import { textOf } from './stream-text.js';
import { hasWon, isLive, racersOf, type CallTrace, type FlightTrace } from './traces.js';
import type { Witness } from './witness.js';

/** Who lags is looked for each time that an eighth of `lagBytes` has come. */
const LAG_SHARE = 9 / 8;

export const streamOf = (flight: FlightTrace): FlightStream => (flight.stream ??= newFlightStream());
const isReading = ({ reader }: { readonly reader: unknown }): boolean => reader !== null;

export class StreamWatch {
  readonly #witness: Witness;
  readonly #hedges: HedgeWatch;
  /** Attempts that went on in mid-air with what another had begun. */
  failovers = 0;
  /** The chunk that the front is being told of. */
  coming: { readonly flight: Flight; readonly before: number; readonly cost: number } | null = null;
  #largest = 0;

  constructor(witness: Witness, hedges: HedgeWatch) {
    this.#witness = witness;
    this.#hedges = hedges;
  }

  get #streams(): StreamSwarm {
    return this.#witness.swarm.streams as StreamSwarm;
  }

  #must(holds: boolean, invariant: string, { number }: FlightTrace, what: () => string): void {
    if (!holds) this.#witness.violate(invariant, `flight ${number} ${what()}`);
  }

  /** An attempt goes on from what was delivered, or begins. */
  began({ flight, attempt, life, delivered }: CallTrace): void {
    const { midStream } = this.#streams.options;
    const given = flight.stream?.ends.length ?? 0;
    // What a life said while it was well is posted, or will be.
    const isSaid = given > 0 || flight.calls.some((call) => call.life === life && this.isOpened(call));
    if (!isSaid) return this.#must(delivered === null, 'I19', flight, () => `goes on from chunks that nobody was given`);
    this.#witness.note('in mid-air', flight.number, attempt, given);
    this.#must(midStream !== 'fail', 'I19', flight, () => `began attempt ${attempt} after ${given} chunks were given`);
    this.#must((delivered !== null) === (midStream === 'resume'), 'I19', flight, () => `begins anew in mid-air with attempt ${attempt}`);
    if (delivered === null) return;
    const { text = '' } = flight.stream ?? {};
    const said = flight.calls.some(({ stream }) => stream !== null && fullText(stream).startsWith(delivered));
    this.#must(said && delivered.startsWith(text), 'I19', flight, () => `goes on from '${delivered}', and '${text}' was read`);
  }

  /** It is asked for the next chunk. */
  pulled(call: CallTrace, stream: CallStream): void {
    const { flight, attempt } = call;
    const isIdle = !stream.isPulled && !stream.isDone && !stream.isClosed;
    this.#must(isIdle, 'streams', flight, () => `asks attempt ${attempt} for a chunk that it cannot give`);
    stream.isPulled = true;
    stream.progressAt = this.#witness.now;
    const { stream: given } = flight;
    if (this.#streams.paddingBytes === 0 || flight.calls.length > 1 || given?.isUnpaced === true) return;
    // Every chunk takes at least its own length.
    const saidBytes = stream.said + stream.count * CHUNK_BYTES_EXTRA;
    const ahead = saidBytes - (given?.takenBytes ?? 0);
    this.#must(ahead < CREDIT_BYTES, 'I20', flight, () => `is asked for more, ${ahead} bytes ahead of all readers`);
  }

  /** It gave a chunk. */
  said(call: CallTrace, stream: CallStream, text: string): void {
    stream.isPulled = false;
    if (!isLive(call)) return;
    stream.said += text.length;
    if (++stream.count === 1) this.#hedges.won(call);
    stream.progressAt = this.#witness.now;
    this.#witness.note('says', call.flight.number, call.attempt, text.slice(0, 24));
  }

  /** It was told that nobody wants more. */
  closed(call: CallTrace, stream: CallStream): void {
    const { now } = this.#witness;
    const { flight, attempt, startedAt, limitMs } = call;
    this.#witness.note('closes', flight.number, attempt);
    this.#must(!stream.isClosed, 'streams', flight, () => `closes attempt ${attempt} again`);
    const due = this.isOpened(call) ? stream.progressAt + this.#streams.options.idleTimeoutMs - 2 * TICK_MS : startedAt + limitMs;
    const mayClose =
      call.end !== null ||
      flight.end !== null ||
      (call.rival !== null && hasWon(call.rival)) ||
      isTooLarge(this.#witness.swarm, flight) ||
      now >= Math.min(due, flight.deadline) - 1e-6;
    this.#must(mayClose, 'I6', flight, () => `stops attempt ${attempt} while somebody waits`);
    stream.isClosed = true;
  }

  /** From its first chunk on an attempt has the flight's time, and its silences are measured. */
  isOpened({ stream }: CallTrace): boolean {
    return stream !== null && stream.count > 0;
  }

  /** It was asked at `progressAt`, or a little later, and has said nothing for longer than it may. */
  silent(call: CallTrace, count: number, stalledMs: number): void {
    const { flight, attempt, loop, stream } = call;
    const isOver =
      !isLive(call) || stream === null || stream.isClosed || stream.count !== count || loop.isStopped || loop.pausedMs > stalledMs;
    this.#must(isOver, 'I2', flight, () => `lets attempt ${attempt} be silent for ever`);
  }

  /** Nobody asks for more, though somebody waits and all that was said has come. */
  isStarving({ flight, stream, loop }: CallTrace): boolean {
    if (stream === null || stream.isPulled || stream.isDone || stream.isClosed || loop.isStopped || flight.end !== null) return false;
    const given = flight.stream?.ends.length ?? 0;
    const waits = [...flight.waiting].some(
      ({ reader }) => reader === null || (reader.left === null && reader.asked > Math.max(given, reader.from)),
    );
    return racersOf(flight).some((racer) => racer.stream === stream) && (waits || ![...flight.waiting].some(isReading));
  }

  starved(call: CallTrace): void {
    this.#must(!this.isStarving(call), 'I20', call.flight, () => `asks attempt ${call.attempt} for nothing, and somebody waits`);
  }

  /** The front is told that an attempt's first chunk comes next. */
  opened({ number }: Flight, attempt: number, target: string): void {
    Object.assign(streamOf(this.#witness.flight(number)), { attempt, target });
  }

  /** The front has been told of a chunk. Is it in its log, or was it known? Asked as soon as anything comes of it. */
  came(): void {
    const { coming } = this;
    if (coming === null || coming.flight.chunksGiven <= coming.before) return;
    this.coming = null;
    this.#added(coming.flight, coming.cost);
  }

  /** Another chunk comes. Who lagged too far behind others when one came before it, and for an eighth of what it may, is cut off. */
  checkLags({ number }: Flight): void {
    const { waiting, stream } = this.#witness.flight(number);
    if (stream === null) return;
    const { lagBytes } = this.#streams.options;
    const bytes = stream.ends.at(-1) ?? 0;
    const slack = lagBytes * (LAG_SHARE - 1) + 2 * this.#largest;
    // One that has yet to ask has taken nothing, wherever it begins.
    const takenBy = (reader: ReaderTrace): number => (reader.asked > reader.from && reader.left === null ? leastOf(reader, stream) : 0);
    // Who was refused the value is told in a moment.
    const collected = stream.refusals.length === 0 ? stream.ends.length : 0;
    const front = Math.max(0, ...[...waiting].map(({ reader }) => (reader === null ? collected : takenBy(reader))));
    for (const { reader, number: request } of waiting) {
      if (reader === null || reader.left !== null) continue;
      const mine = mostOf(reader, stream);
      const isLate = mine < front && bytes - Math.max(reader.joinedAtBytes, bytesBefore(stream, mine)) > lagBytes;
      reader.lateSince = isLate ? Math.min(reader.lateSince, bytes) : Infinity;
      const what = (): string => `reader ${request} lags more than ${lagBytes} bytes behind, and is not cut off`;
      this.#witness.require(bytes - reader.lateSince <= slack, 'I20', what);
    }
  }

  #added(library: Flight, cost: number): void {
    const flight = this.#witness.flight(library.number);
    const stream = streamOf(flight);
    const before = stream.ends.at(-1) ?? 0;
    this.#largest = Math.max(this.#largest, cost);
    stream.ends.push(before + cost);
    const { replayBytes, lagBytes } = this.#streams.options;
    if (before + cost > replayBytes) stream.isOutgrown = true;
    if (stream.lastAttempt !== 0 && stream.lastAttempt !== stream.attempt) this.wentOn(flight);
    if (stream.lastTarget !== '' && stream.lastTarget !== stream.target)
      stream.seams.push({ from: stream.lastTarget, to: stream.target, chunk: stream.ends.length - 1 });
    Object.assign(stream, { lastAttempt: stream.attempt, lastTarget: stream.target });
    this.paced(flight);
    const held = library.stream?.log.heldBytes ?? 0;
    // Those who want the whole of it keep the whole of it.
    const kept = [...flight.waiting].every(isReading) ? replayBytes : Math.max(replayBytes, this.#witness.swarm.options.limits.resultBytes);
    const most = kept + lagBytes * LAG_SHARE + (1 + flight.losses) * CREDIT_BYTES + 2 * this.#largest;
    this.#must(held <= most, 'I20', flight, () => `holds ${held} bytes, at most ${most} may be`);
  }

  wentOn(flight: FlightTrace): void {
    this.failovers++;
    this.#witness.note('went on', flight.number);
  }

  /** Nobody is left to set the pace: it runs on by itself. */
  unpaced({ number }: Flight): void {
    streamOf(this.#witness.flight(number)).isUnpaced = true;
  }

  /** How far readers have taken what there is. */
  paced(flight: FlightTrace): void {
    const stream = streamOf(flight);
    const readers = [...flight.waiting].filter(isReading);
    if (readers.length === 0 || readers.length < flight.waiting.size || readers.some(({ reader }) => reader?.takesAll) || flight.losses > 0)
      stream.isUnpaced = true;
    for (const { reader } of readers) stream.takenBytes = Math.max(stream.takenBytes, bytesBefore(stream, reader?.asked ?? 0));
  }

  /** A flight is told to have come to its good end. `value`: for those who collect. */
  whole(library: Flight, flight: FlightTrace, value: unknown): void {
    const call = flight.winner ?? (flight.calls.at(-1) as CallTrace);
    this.#must(this.#hedges.isWinner(flight, call), 'I18', flight, () => `is told to be complete, and attempt ${call.attempt} is not`);
    const { stream } = call;
    if (stream === null) return;
    const { ends } = streamOf(flight);
    if (ends.length > 0 && flight.stream?.lastAttempt !== call.attempt) this.wentOn(flight);
    const wants = [...flight.waiting].some(({ reader }) => reader === null) && streamOf(flight).refusals.length === 0;
    if (!wants) return;
    const told = textOf(value);
    this.#must(told === fullText(stream), 'I17', flight, () => `was said to be '${fullText(stream)}', and collected as '${told}'`);
    if (!Array.isArray(value)) return;
    const { chunks } = streamOf(flight);
    const other = chunks.findIndex((chunk, index) => chunk !== undefined && chunk !== textOf(value[index]));
    this.#must(other === -1, 'I17', flight, () => `was read and collected in different chunks, from ${other} on`);
    this.#must(value.length === ends.length, 'I17', flight, () => `was collected in ${value.length} chunks of ${ends.length}`);
    this.#must(library.chunksGiven === ends.length, 'I17', flight, () => `counts ${library.chunksGiven} chunks of ${ends.length}`);
  }

  /** A target gave one value, and not a stream: who reads gets one chunk. */
  gaveValue({ number, stream: library }: Flight, value: unknown): void {
    if (value === STREAM_ENDED || library === null) return;
    const flight = this.#witness.flight(number);
    const stream = streamOf(flight);
    const { attempt, target } = flight.winner ?? (flight.calls.at(-1) as CallTrace);
    Object.assign(stream, { attempt, target });
    if (stream.ends.length > 0) return;
    stream.ends.push(chunkSize(value));
    stream.lastAttempt = attempt;
  }

  /** Those who want a value are refused it, and readers read on. */
  refused({ number }: Flight, error: unknown): void {
    this.came();
    const flight = this.#witness.flight(number);
    this.#witness.sawError(error);
    this.#must(isTooLarge(this.#witness.swarm, flight), 'I9', flight, () => 'refuses its value without a reason');
    streamOf(flight).refusals.push(error);
  }
}
