// `coalescer`: the public API, a list of names. What is not listed does not exist.
export type { Environment } from '../workers/environment.js';
export type { AttemptEnd } from '../workers/protocol.js';
export { classifyHttp } from '../workers/classify.js';
export {
  defineTargets,
  type AttemptContext,
  type HostInfo,
  type Target,
  type TargetCall,
  type Targets,
  type TargetSpec,
  type TargetsModule,
  type Verdict,
} from '../workers/targets.js';
export type { Coalescer, Identity, Which } from './contract.js';
export {
  coalesce,
  createCoalescer,
  type ChunkOf,
  type CoalescedFunction,
  type CollectOption,
  type PayloadOf,
  type ValueOf,
} from './create-coalescer.js';
export { CoalescerError, flightOf, isCoalescerError, type CoalescerErrorCode } from './errors.js';
export type { FlightStream } from './flight-stream.js';
export type { BreakerOptions, BudgetOptions, HedgeOptions } from './health-options.js';
export type { KeepOptions } from './keep-options.js';
export type { CoalescerOptions, Limits, ScopeOption } from './options.js';
export type { AttemptReport, Explanation, FlightReport, Outcome, SeamReport, Stats, TargetReport, TargetStats } from './reports.js';
export type { RequestOptions, StreamOptions } from './requests.js';
export type { Frozen, Share, Shared } from './share.js';
export type { StreamsOption } from './stream-options.js';
export { threadTargets, type ThreadOptions, type ThreadTargets } from './thread-targets.js';
export type { TargetControl } from './target-control.js';
export type { ChannelMessages } from './watching.js';
