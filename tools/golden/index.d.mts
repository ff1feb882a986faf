/** The files below a folder by their paths, each as its bytes in hex, in order. */
export declare function filesIn(folder: string): Map<string, string>

/** Copies a folder to a new place, so that reading a golden store can never change it. */
export declare function copyOf(folder: string): string

/** Runs the script that made a golden store, and gives the folder in which it has made another. */
export declare function madeAnew(script: string): string

/** Removes every folder that this process was given. */
export declare function removeCopies(): void
