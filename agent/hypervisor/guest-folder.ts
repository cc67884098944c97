/** Folder, below a guest's own, of everything that only lives as long as the guest. */
export const RUN_FOLDER = "run";
/** The metadata service's socket, in RUN_FOLDER: session mode's end of the guest's channel. */
export const METADATA_SOCKET = "metadata.sock";
