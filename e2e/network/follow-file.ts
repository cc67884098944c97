import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

/** What a file says, as far as it is there; empty where there is none. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/**
 * Waits until a file that others write says something.
 *
 * @param file in a folder that is there
 * @param found looks at all of it; its answer is the result, null: not yet
 * @throws Error with the file's last lines after `timeoutMs`
 */
export async function untilFileSays<T>(file: string, found: (text: string) => T | null, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let isWaiting = false;
    let reading: Promise<void> = Promise.resolve();
    let text = "";
    const watcher = watch(path.dirname(file));
    const timer = setTimeout(() => {
      end();
      reject(new Error(`${path.basename(file)} doesn't say it within ${timeoutMs} ms:\n${text.split("\n").slice(-40).join("\n")}`));
    }, timeoutMs);
    const end = (): void => {
      clearTimeout(timer);
      watcher.close();
    };
    const look = async (): Promise<void> => {
      isWaiting = false;
      text = await readText(file);
      const result = found(text);
      if (result === null) return;
      end();
      resolve(result);
    };
    /** What changes while it is read is read once more. */
    const lookSoon = (): void => {
      if (isWaiting) return;
      isWaiting = true;
      reading = reading.then(look).catch((error: unknown) => {
        end();
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    };
    watcher.on("change", lookSoon);
    lookSoon();
  });
}
