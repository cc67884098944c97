import { isSlipwayError } from "#lib/domain/errors.ts";
import type { InstallPreview } from "#lib/domain/install-plan.ts";

/**
 * A preview, or the sentence that says why there can be none with this definition: a page that lets another one be chosen is of
 * more use than an error.
 */
export async function previewOrRefusal(preview: () => Promise<InstallPreview>): Promise<InstallPreview | string> {
  try {
    return await preview();
  } catch (error) {
    if (isSlipwayError(error) && (error.code === "unsupported" || error.field === "osType")) return error.message;
    throw error;
  }
}
