// One HTTP call to a provider, the same for both arms: a status other than 200 is an error that carries it. By node:http and not by fetch,
// whose pool is slow to find a free connection among thousands; with fetch the demo would measure that.

import { Agent, request } from 'node:http';
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

const agent = new Agent({ keepAlive: true });

interface Post {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** JSON there and back. */
export function post(url: string, { body, headers, signal }: Post): Promise<unknown> {
  const sent = JSON.stringify(body ?? null);
  const allHeaders = { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) };
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent, headers: allHeaders, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks).toString()));
        else reject(Object.assign(new Error(`HTTP ${statusCode}`), { status: statusCode }));
      });
    });
    call.on('error', reject);
    call.end(sent);
  });
}
