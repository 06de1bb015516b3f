// Chats of two AI providers whose APIs differ, through their own SDKs: equal requests of a tenant are one call, streamed to all of them, and the
// other provider answers where the first cannot. What matters here:
// - each target makes its provider's request, with its provider's name for the model: a backup that is asked for the other's model says 404;
// - SDKs retry by themselves, which nobody would count: their clients have `maxRetries: 0`;
// - a stream that ends without its reason has been cut, also where the SDK just ends it (`isComplete`);
// - who wants a sample of its own does not share: of ten callers who ask for ten samples all would get one.
import type Anthropic from '@anthropic-ai/sdk';
import { createCoalescer, type AttemptContext, type Coalescer, type FlightStream, type RequestOptions } from 'coalescer';
import type OpenAI from 'openai';

export interface Chat {
  /** Our own name; each provider has another one for it. */
  readonly model: 'small' | 'large';
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[];
  readonly tokensMax: number;
}

export type ChatChunk = { readonly text: string } | ChatEnd;
/** The last chunk: why it ends, and what it costs. Who pays is yours to say; `outcome` tells the leader from those who joined. */
export interface ChatEnd {
  readonly reason: string;
  readonly tokens: number;
}
export type ChatAnswer = ChatEnd & { readonly text: string };

export interface Providers {
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  readonly models: { readonly [Name in Chat['model']]: { readonly openai: string; readonly anthropic: string } };
}

export type Chats = Coalescer<Chat, ChatAnswer, ChatChunk, 'per-request'>;

export function createChats({ openai, anthropic, models }: Providers): Chats {
  return createCoalescer({
    name: 'chats',
    scope: 'per-request',
    streams: { firstChunkTimeoutMs: 20_000 },
    targets: {
      openai: { isComplete, run: (chat: Chat, { signal }: AttemptContext) => askOpenai(openai, models[chat.model].openai, chat, signal) },
      anthropic: {
        isComplete,
        run: (chat: Chat, { signal }: AttemptContext) => askAnthropic(anthropic, models[chat.model].anthropic, chat, signal),
      },
    },
    collect: (chunks): ChatAnswer => {
      const end = chunks.at(-1) as ChatEnd;
      return { ...end, text: chunks.map((chunk) => ('text' in chunk ? chunk.text : '')).join('') };
    },
  });
}

const isComplete = (last: ChatChunk | undefined): boolean => last !== undefined && 'reason' in last;

async function* askOpenai(openai: OpenAI, model: string, chat: Chat, signal: AbortSignal): AsyncGenerator<ChatChunk> {
  const stream = await openai.chat.completions.create(
    {
      model,
      messages: [...chat.messages],
      max_completion_tokens: chat.tokensMax,
      stream: true,
      stream_options: { include_usage: true },
    },
    { signal },
  );
  let reason: string | null = null;
  let tokens = 0;
  for await (const { choices, usage } of stream) {
    const text = choices[0]?.delta.content;
    if (typeof text === 'string' && text !== '') yield { text };
    reason ??= choices[0]?.finish_reason ?? null;
    tokens = usage?.total_tokens ?? tokens;
  }
  if (reason !== null) yield { reason, tokens };
}

async function* askAnthropic(anthropic: Anthropic, model: string, chat: Chat, signal: AbortSignal): AsyncGenerator<ChatChunk> {
  const stream = await anthropic.messages.create(
    { model, messages: [...chat.messages], max_tokens: chat.tokensMax, stream: true },
    { signal },
  );
  let reason: string | null = null;
  let tokens = 0;
  for await (const event of stream) {
    if (event.type === 'message_start') tokens += event.message.usage.input_tokens;
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') yield { text: event.delta.text };
    if (event.type === 'message_delta') {
      reason = event.delta.stop_reason;
      tokens += event.usage.output_tokens;
    }
    if (event.type === 'message_stop' && reason !== null) yield { reason, tokens };
  }
}

export interface Asking {
  readonly tenant: string;
  readonly signal?: AbortSignal;
  /** A text of its own, to choose from several, say. Such a request joins nobody, and still fails over. */
  readonly wantsSample?: boolean;
}

/** Each caller's own view of the answer, as it comes. */
export const streamChat = (chats: Chats, chat: Chat, asking: Asking): FlightStream<ChatChunk> => chats.stream(chat, optionsOf(asking));

/** The whole answer; it joins streams of the same chat, and they join it. */
export const askChat = (chats: Chats, chat: Chat, asking: Asking): Promise<ChatAnswer> => chats.request(chat, optionsOf(asking));

const optionsOf = ({ tenant, signal, wantsSample = false }: Asking): RequestOptions & { readonly scope: string } => ({
  scope: tenant,
  signal,
  ...(wantsSample && { key: null }),
});
