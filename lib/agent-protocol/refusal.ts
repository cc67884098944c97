import { ERROR_CODES, type ErrorCode, isSlipwayError, SlipwayError } from "#lib/domain/errors.ts";

/** An agent's refusal: `node_refused` to the outside, with the agent's own code and sentence. */
export class AgentRefusal extends SlipwayError {
  readonly agentCode: ErrorCode;

  constructor(agentCode: ErrorCode, message: string, field: string | undefined) {
    super("node_refused", message, field === undefined ? {} : { field });
    this.name = "AgentRefusal";
    this.agentCode = agentCode;
  }
}

/** The agent's own code of a refusal, whichever copy of this module made it; null for any other error. */
export function agentCodeOf(error: unknown): ErrorCode | null {
  if (!isSlipwayError(error) || !("agentCode" in error)) return null;
  return ERROR_CODES.find((code) => code === error.agentCode) ?? null;
}
