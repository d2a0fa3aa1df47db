// Placeholder until this folder has sources.
