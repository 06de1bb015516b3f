/** Is an error of a stream the right one? Each must have a reason that the simulation knows of by itself. */
import type { CoalescerError } from '../../src/errors.js';
import { fullText } from './stream-traces.js';
import { isEndOfText } from './stream-text.js';
import type { Swarm } from './swarm.js';
import { hasWon, racersOf, type CallTrace, type FlightTrace } from './traces.js';

export const chunksGiven = ({ stream }: FlightTrace): number => stream?.ends.length ?? 0;

/** Where a stream has begun, only a target that can go on may be called for it. */
export function canGoOn({ streams, targetNames }: Swarm, { calls }: FlightTrace, target: string): boolean {
  if (streams === null || streams.options.midStream !== 'resume') return true;
  const isInMidAir = calls.some(({ stream }) => stream !== null && stream.count > 0);
  return !isInMidAir || streams.canResume[targetNames.indexOf(target)] === true;
}

/** Why a stream broke off for good; `null`: it must not have. `exhausted`: why no more attempts were made, as for values. */
export function brokenReason({ streams }: Swarm, flight: FlightTrace, error: CoalescerError, exhausted: string | null): string | null {
  if (streams === null || chunksGiven(flight) === 0 || error.chunks !== chunksGiven(flight)) return null;
  const racers = racersOf(flight);
  // Of two only the one that has begun to answer is in mid-air.
  const last = racers.find(hasWon) ?? racers[0];
  if (last === undefined || !isOver(last)) return null;
  if (streams.options.midStream === 'fail') return 'nobody may go on';
  if (last.end === 'answer') return 'the answer';
  if (streams.options.midStream === 'resume' && flight.stream?.isOutgrown === true) return 'what was delivered is not kept';
  return exhausted;
}

const isOver = ({ end, loop, stream, context }: CallTrace): boolean =>
  end !== null || loop.isOver || stream?.isClosed === true || context.signal.aborted;

/** Why what an attempt said is not what was delivered. */
export function divergedReason({ streams }: Swarm, flight: FlightTrace, error: CoalescerError): string | null {
  if (streams?.options.midStream !== 'verify' || error.chunks !== chunksGiven(flight)) return null;
  const said = flight.calls.flatMap(({ stream, end }) => (stream === null ? [] : [{ text: fullText(stream), isWhole: end === 'value' }]));
  // Each attempt that gave chunks began from the start: two that do not fit to each other, or one that ended before another had.
  const fits = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);
  const differs = said.some(({ text }, index) => said.slice(index + 1).some((later) => !fits(text, later.text)));
  const isShort = said.some(({ text, isWhole }) => isWhole && said.some((other) => other.text.length > text.length));
  return differs || isShort ? 'it differs' : null;
}

/** What an attempt fails with whose stream ended before its text had. */
export function isCutShort(call: CallTrace, error: { readonly code?: unknown }): boolean {
  const { stream, end } = call;
  if (stream === null || end !== 'failover' || error.code !== 'ERR_STREAM_INCOMPLETE') return false;
  return stream.isDone && !isEndOfText(fullText(stream));
}

/** May a limit on what one value may weigh be the end of it? */
export function isTooLarge({ streams, options }: Swarm, { stream }: FlightTrace): boolean {
  const { resultBytes } = options.limits;
  return streams !== null && ((stream?.ends.at(-1) ?? 0) > resultBytes || streams.paddingBytes > resultBytes);
}
