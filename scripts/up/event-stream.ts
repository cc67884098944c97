/** One event of a server-sent stream. */
export interface StreamedEvent {
  readonly id: string;
  readonly data: unknown;
}

/** Longer than any event of ours, in characters. */
const LONGEST = 4_000_000;

/** The events of a stream in the notation of server-sent events, with JSON as their data. Comments and other fields are passed over. */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamedEvent, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    if (rest.length > LONGEST) throw new Error("an event of the stream has no end");
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = block.split("\n");
      const id = fields.find((field) => field.startsWith("id: "))?.slice(4);
      const data = fields.filter((field) => field.startsWith("data: ")).map((field) => field.slice(6)).join("\n");
      if (id !== undefined && data !== "") yield { id, data: JSON.parse(data) as unknown };
    }
  }
}
