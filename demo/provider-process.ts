// A provider of answers, as a process of its own: real HTTP on loopback, and the time a language model takes. It counts what each arm
// called and owes, and tells its parent over IPC. It ends when its parent does.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Bill, emptyBill } from './bill.js';
import {
  type Answer,
  type ArmName,
  answerText,
  armNames,
  flightTimeMs,
  pieceOf,
  piecesCount,
  type Question,
  tokensAfterMs,
} from './question.js';
import { seededRandom } from './seeded-random.js';

/** What the parent gives as the only argument, as JSON. */
export interface ProviderConfig {
  readonly name: string;
  /** 0: any that is free. */
  readonly port: number;
  /** So many of all calls are refused with a 503. */
  readonly errorShare: number;
  readonly seed: number;
}

export type ProviderMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'unable'; readonly why: string }
  | { readonly kind: 'report'; readonly asked: boolean; readonly bills: Readonly<Record<ArmName, Bill>> };

type Ledger = { -readonly [field in keyof Bill]: Bill[field] };
interface Call {
  readonly arm: ArmName;
  readonly startedMs: number;
  readonly tokens: number;
}

const refusalMs = 40;
const reportEveryMs = 100;
const config = JSON.parse(process.argv[2] ?? '') as ProviderConfig;
const random = seededRandom(config.seed);
const ledgers: Record<ArmName, Ledger> = { plain: { ...emptyBill }, coalescer: { ...emptyBill } };
const callsInAir = new Set<Call>();
let threadKillsLeft = 1;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => handle(request, Buffer.concat(chunks).toString(), response));
});
// Longer than any pause of the clients, so that no call meets a connection that is just being closed.
server.keepAliveTimeout = 120_000;

function handle(request: IncomingMessage, body: string, response: ServerResponse): void {
  if (request.url === '/thread-kill') return reply(response, 200, { die: threadKillsLeft-- > 0 });
  const arm = armNames.find((name) => name === request.headers['x-arm']);
  if (arm === undefined) return reply(response, 400, { error: 'x-arm missing' });
  const { key, promptTokens, tokens } = JSON.parse(body) as Question;
  const ledger = ledgers[arm];
  ledger.calls++;
  if (random() < config.errorShare) {
    ledger.refused++;
    setTimeout(() => reply(response, 503, { error: 'overloaded' }), refusalMs);
    return;
  }
  ledger.promptTokens += promptTokens;
  const call: Call = { arm, startedMs: performance.now(), tokens };
  callsInAir.add(call);
  const begunAt = performance.timeOrigin + call.startedMs;
  const answer: Answer = { key, provider: config.name, text: answerText(key), begunAt };
  const stop = request.headers.accept === 'text/plain' ? stream(response, answer.text, tokens) : replyIn(response, answer, tokens);
  response.on('close', () => {
    stop();
    callsInAir.delete(call);
    if (!response.writableEnded) ledger.cutOff++;
    ledger.generatedTokens += response.writableEnded ? tokens : generatedSoFar(call);
  });
}

function replyIn(response: ServerResponse, answer: Answer, tokens: number): () => void {
  const timer = setTimeout(() => reply(response, 200, answer), flightTimeMs(tokens));
  return () => clearTimeout(timer);
}

/** The first piece with the first token, the last with the last one; one after the other, since timers of different lengths need not keep their order. */
function stream(response: ServerResponse, text: string, tokens: number): () => void {
  const startedMs = performance.now();
  const pieceMs = (flightTimeMs(tokens) - flightTimeMs(0)) / (piecesCount - 1);
  let timer = setTimeout(() => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    give(0);
  }, flightTimeMs(0));
  const give = (index: number): void => {
    if (index === piecesCount - 1) return void response.end(pieceOf(text, index));
    response.write(pieceOf(text, index));
    // By the clock, not by the last piece: what one timer is late the next makes good.
    timer = setTimeout(() => give(index + 1), startedMs + flightTimeMs(0) + (index + 1) * pieceMs - performance.now());
  };
  return () => clearTimeout(timer);
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function generatedSoFar(call: Call): number {
  return tokensAfterMs(performance.now() - call.startedMs, call.tokens);
}

/** Calls in the air are charged for what they have generated so far, so that a killed process leaves a true bill. */
function bills(): Record<ArmName, Bill> {
  const now = { plain: { ...ledgers.plain }, coalescer: { ...ledgers.coalescer } };
  for (const call of callsInAir) {
    now[call.arm].inAir++;
    now[call.arm].generatedTokens += generatedSoFar(call);
  }
  return now;
}

function tell(message: ProviderMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/**
 * A port below those the system gives to outgoing connections. Otherwise a client's own connection could take the port while this
 * process is dead, and even connect to itself.
 */
function somePort(): number {
  return 20_000 + Math.floor(Math.random() * 12_000);
}

function listen(attemptsLeft: number): void {
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (attemptsLeft > 0) setTimeout(() => listen(attemptsLeft - 1), config.port === 0 ? 0 : 20);
    else tell({ kind: 'unable', why: error.message });
  });
  server.listen({ host: '127.0.0.1', port: config.port === 0 ? somePort() : config.port, backlog: 4_096 });
}

server.on('listening', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') tell({ kind: 'listening', port: address.port });
  setInterval(() => tell({ kind: 'report', asked: false, bills: bills() }), reportEveryMs);
});
process.on('message', () => tell({ kind: 'report', asked: true, bills: bills() }));
process.on('disconnect', () => process.exit());
// Ctrl+C reaches the whole process group; it is the parent who ends this process.
process.on('SIGINT', () => undefined);
listen(50);
