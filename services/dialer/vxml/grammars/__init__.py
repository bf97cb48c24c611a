"""What a callee may say or key in: SRGS, builtin types and phrases, matched as the tokens come."""
