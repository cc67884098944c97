import { type ErrorCode, SlipwayError } from "#lib/domain/errors.ts";

/** An agent's refusal: `node_refused` to the outside, with the agent's own code and sentence. */
export class AgentRefusal extends SlipwayError {
  readonly agentCode: ErrorCode;

  constructor(agentCode: ErrorCode, message: string, field: string | undefined) {
    super("node_refused", message, field === undefined ? {} : { field });
    this.name = "AgentRefusal";
    this.agentCode = agentCode;
  }
}

/** The agent's own code of a refusal; null for any other error. */
export function agentCodeOf(error: unknown): ErrorCode | null {
  return error instanceof AgentRefusal ? error.agentCode : null;
}
