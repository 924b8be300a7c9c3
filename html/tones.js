// The colours of boxes. White text is readable on all of them.

export const tones = ["#d62728", "#1f77b4", "#2c8c2c", "#c85a00", "#8e5cb8", "#8c564b", "#c74f9e", "#5f5f5f", "#7f7a10", "#0e8694"];

/** Classes with fixed tones. Other classes get the remaining tones in the order in which they appear. */
export const usual = ["person", "car", "dog", "cat", "bicycle", "truck", "bus", "bird"];
