// One HTTP call to a provider, the same for both arms: a status other than 200 is an error that carries it. By node:http and not by fetch,
// whose pool is slow to find a free connection among thousands; with fetch the demo would measure that.

import { Agent, type IncomingMessage, request } from 'node:http';
import type { Answer, ArmName, Question } from './question.js';

export interface ProviderCall {
  readonly url: string;
  /** Whose bill it goes on. */
  readonly arm: ArmName;
  readonly signal: AbortSignal;
}

export async function askProvider(question: Question, { url, arm, signal }: ProviderCall): Promise<Answer> {
  return (await post(url, { body: question, headers: { 'x-arm': arm }, signal })) as Answer;
}

/** The answer piece by piece, as it is generated. */
export async function* streamProvider(question: Question, { url, arm, signal }: ProviderCall): AsyncGenerator<string> {
  const response = await send(url, { body: question, headers: { 'x-arm': arm, accept: 'text/plain' }, signal });
  response.setEncoding('utf8');
  if (response.statusCode !== 200) {
    response.resume();
    throw refusal(response.statusCode);
  }
  for await (const piece of response) yield piece as string;
}

const agent = new Agent({ keepAlive: true });

interface Post {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** JSON there and back. */
export async function post(url: string, call: Post): Promise<unknown> {
  const response = await send(url, call);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  if (response.statusCode !== 200) throw refusal(response.statusCode);
  return JSON.parse(Buffer.concat(chunks).toString());
}

function refusal(status = 0): Error {
  return Object.assign(new Error(`HTTP ${status}`), { status });
}

/** Settles when the headers are there. */
function send(url: string, { body, headers, signal }: Post): Promise<IncomingMessage> {
  const sent = JSON.stringify(body ?? null);
  const allHeaders = { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) };
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent, headers: allHeaders, signal }, resolve);
    call.on('error', reject);
    call.end(sent);
  });
}
