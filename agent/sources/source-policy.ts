/** From where images, media and packages may be taken. */
export interface SourcePolicy {
  /** Host names, addresses and CIDR ranges of networks of their own from which an administrator lets something be fetched all the same. */
  readonly allowPrivate: readonly string[];
  /** Absolute folders of this node in which images and media may lie; empty: none of its files is taken. */
  readonly folders: readonly string[];
  /** PEM certificates of whom servers may be certified by; left out: those that the node's system and its runtime know. */
  readonly authorities?: readonly string[];
}
