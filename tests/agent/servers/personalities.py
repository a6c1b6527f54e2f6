"""The twelve servers. Texts and forms are those of public reports, named in `source`; the code is ours."""

import json
from typing import Any, Final

from tests.agent.events import event
from tests.agent.servers.personality import (
    Fault,
    Personality,
    as_flat,
    as_list,
    as_mistral,
    as_numbered,
    as_text,
    choice_with_error,
    in_event,
)

AUTOMATIC: Final = "upstream connect error or disconnect/reset before headers. reset reason: connection termination"
LONGER: Final = "Please reduce the length of the messages or completion."
TEMPLATE: Final = "This is usually an issue with the model's prompt template."
CAPACITY: Final = "The server had an error while processing your request. Sorry about that!"
NO_SYSTEM: Final = "Unsupported value: 'messages[0].role' does not support 'system' with this model."
NO_INSTRUCTION: Final = "Developer instruction is not enabled for models/gemma-3-27b-it"


def _unsupported(parameter: str) -> Fault:
    """What OpenAI says of a parameter, with what to use instead."""
    others = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
    instead = f" Use '{others[parameter]}' instead." if parameter in others else ""
    text = f"Unsupported parameter: '{parameter}' is not supported with this model.{instead}"
    if parameter == "temperature":
        only = "Only the default (1) value is supported."
        text = f"Unsupported value: 'temperature' does not support 0.3 with this model. {only}"
        return Fault(400, text, "unsupported_value", parameter)
    return Fault(400, text, "unsupported_parameter", parameter)


def _not_known(parameter: str) -> Fault:
    """What OpenAI says of a parameter of `responses`; a gateway says it in a word."""
    if parameter == "max_output_tokens":
        return Fault(400, "", body={"detail": f"Unsupported parameter: {parameter}"})
    return Fault(400, f"Unknown parameter: '{parameter}'.", "unknown_parameter", parameter)


OPENAI_RESPONSES: Final = Personality(
    name="openai-responses",
    source="platform.openai.com/docs/api-reference/responses-streaming; BerriAI/litellm#29223",
    server="openai",
    api="responses",
    options={"api_key": "sk-matrix-key"},
    unknown=_not_known,
    system=Fault(400, NO_SYSTEM.replace("messages", "input"), "unsupported_value", "input[0].role"),
    context=Fault(400, "Your input exceeds the context window of this model.", "context_length_exceeded"),
    context_place="stream",
    trouble=Fault(500, CAPACITY, "server_error", kind="server_error"),
    plain=(503, AUTOMATIC),
    wrong_key=Fault(
        401, "Incorrect API key provided: sk-matrix-key. You can find yours in your account.", "invalid_api_key"
    ),
    no_model=Fault(400, "The requested model 'm' does not exist.", "model_not_found", "model"),
    thinking="items",
    page="api.openai.com | 520: Web server is returning an unknown error",
)

OPENAI_CHAT: Final = Personality(
    name="openai-chat",
    source="platform.openai.com/docs/api-reference/chat-streaming; ITSpecialist111/ai_automation_suggester#38",
    server="openai",
    options={"api": "chat", "api_key": "sk-matrix-key"},
    unknown=_unsupported,
    system=Fault(400, NO_SYSTEM, "unsupported_value", "messages[0].role"),
    context=Fault(400, "This model's maximum context length is 128000 tokens.", "context_length_exceeded", "messages"),
    trouble=Fault(500, CAPACITY, "server_error", kind="server_error"),
    plain=(503, AUTOMATIC),
    wrong_key=Fault(
        401, "Incorrect API key provided: sk-matrix-key. You can find yours in your account.", "invalid_api_key"
    ),
    no_model=Fault(404, "The model `m` does not exist or you do not have access to it.", "model_not_found"),
    thinking=None,
    extra={"service_tier": "default", "system_fingerprint": "fp_1", "obfuscation": "xW3pQ"},
    in_choice={"logprobs": None},
    opening=({"index": 0, "delta": {"role": "assistant", "content": "", "refusal": None}, "finish_reason": None},),
    page="api.openai.com | 520: Web server is returning an unknown error",
)

AZURE: Final = Personality(
    name="azure",
    source="openai/openai-python#1469, langchain-ai/langchain#23552; learn.microsoft.com: content streaming",
    server="azure",
    options={"api": "chat", "api_key": "az-matrix-key", "api_version": "2024-02-01"},
    unknown=lambda parameter: Fault(400, f"Unrecognized request argument supplied: {parameter}"),
    system=Fault(400, NO_SYSTEM, "unsupported_value", "messages[0].role"),
    context=Fault(400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded", "messages"),
    trouble=Fault(503, "The service is temporarily unable to process your request. Please try again later.", "503"),
    plain=(503, "Our services aren't available right now"),
    wrong_key=Fault(401, "Access denied due to invalid subscription key or wrong API endpoint.", "401"),
    no_model=Fault(404, "The API deployment for this resource does not exist.", "DeploymentNotFound"),
    in_choice={"content_filter_results": {"error": {"code": "content_filter_error", "message": "Not filtered"}}},
    opening=(
        {"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]},
        {"index": 0, "delta": {"role": "assistant"}, "finish_reason": None},
    ),
    closing=({"index": 0, "finish_reason": None, "content_filter_offsets": {"check_offset": 44}},),
    page="504 Gateway Time-out",
)

VLLM: Final = Personality(
    name="vllm",
    source="huggingface/chat-ui#1386, gpustack/gpustack#429, THUDM/LongBench#104",
    server="vllm",
    unknown=lambda parameter: Fault(
        400,
        f"[{{'type': 'extra_forbidden', 'loc': ('body', '{parameter}'), 'msg': 'Extra inputs are not permitted', "
        "'input': True}]",
    ),
    system=Fault(400, "System role not supported"),
    context=Fault(
        400, f"This model's maximum context length is 2048 tokens. However, you requested 6751 tokens. {LONGER}"
    ),
    trouble=Fault(500, "EngineCore encountered an issue. See stack trace (above) for the root cause."),
    plain=(500, "Internal Server Error"),
    wrong_key=Fault(401, "", body={"error": "Unauthorized"}),
    no_model=Fault(404, "The model `m` does not exist."),
    form=as_flat,
    usage="each",
    details=False,
    in_choice={"logprobs": None, "stop_reason": None, "token_ids": None},
)


def _invalid(parameter: str) -> Fault:
    """What a server made with FastAPI says of a parameter."""
    said = {"type": "extra_forbidden", "loc": ["body", parameter], "msg": "Extra inputs are not permitted"}
    return Fault(422, "", body={"detail": [said]})


SGLANG: Final = Personality(
    name="sglang",
    source="QwenLM/Qwen3#1321, sgl-project/sglang#892",
    server="sglang",
    unknown=_invalid,
    system=Fault(400, "System role not supported"),
    context=Fault(400, "The input (61709 tokens) is longer than the model's context length (40960 tokens)."),
    trouble=Fault(500, "Prefill out of memory. Try to lower your batch size."),
    plain=(500, "Internal Server Error"),
    wrong_key=Fault(401, "", body={"error": "Unauthorized"}),
    no_model=None,
    form=as_flat,
    in_stream=lambda body: event({"error": body}),
    details=False,
    in_choice={"logprobs": None, "matched_stop": None},
    opening=({"index": 0, "delta": {"role": "assistant", "content": "", "reasoning_content": None}},),
)

LLAMACPP: Final = Personality(
    name="llamacpp",
    source="ggml-org/llama.cpp#15780, #14268, #16109; coddy-project/coddy-agent#106",
    server="llamacpp",
    unknown=lambda parameter: Fault(400, f"Unsupported param: {parameter}"),
    system=Fault(
        500,
        "System role not supported at row 1, column 69:\n{{ bos_token }}{% if messages[0]['role'] == 'system' %}",
        kind="server_error",
    ),
    context=Fault(
        400,
        "the request exceeds the available context size, try increasing it",
        kind="exceed_context_size_error",
    ),
    trouble=Fault(500, "Compute error.", kind="server_error"),
    plain=(503, "Loading model"),
    wrong_key=Fault(401, "Invalid API Key", kind="authentication_error"),
    no_model=Fault(400, "model 'm' not found"),
    form=as_numbered,
    details=False,
    has_timings=True,
    opening=({"index": 0, "delta": {"role": "assistant", "content": None}, "finish_reason": None},),
    ping=b":\n\n",
)

OLLAMA: Final = Personality(
    name="ollama",
    source="github.com/ollama/ollama: docs/openai.md, docs/api/errors.mdx",
    server="ollama",
    unknown=lambda parameter: Fault(400, f'json: unknown field "{parameter}"'),
    system=Fault(400, "invalid role: system, role must be one of [user, assistant]"),
    context=Fault(400, "prompt too long; exceeded max context length by 1200 tokens"),
    trouble=Fault(500, "an error was encountered while running the model: unexpected EOF", kind="api_error"),
    plain=(404, "404 page not found"),
    wrong_key=None,
    no_model=Fault(404, "model 'm' not found, try pulling it first", kind="api_error"),
    thinking="reasoning",
    details=False,
    in_stream=lambda body: event({"error": body["error"]["message"]}),
    extra={"system_fingerprint": "fp_ollama"},
    opening=(),
    one_index=True,
)

LMSTUDIO: Final = Personality(
    name="lmstudio",
    source="lmstudio-ai/lmstudio-bug-tracker#2012, #2322, #1927; odysseus-dev/odysseus#736",
    unknown=lambda parameter: Fault(400, f"Unrecognized key(s) in object: '{parameter}'"),
    system=Fault(
        400, f'Error rendering prompt with jinja template: "System role not supported".\n\n{TEMPLATE} If you are …'
    ),
    context=Fault(
        400, "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055)."
    ),
    system_place="stream",
    context_place="stream",
    trouble=Fault(500, "The model has crashed without additional information. (Exit code: 6)"),
    plain=(400, "Model unloaded."),
    wrong_key=Fault(401, "Invalid API token"),
    no_model=Fault(404, "Failed to load model 'm'. Error: Model does not exist."),
    form=as_text,
    in_stream=in_event,
    details=False,
    extra={"stats": {}},
)


def _forbidden(parameter: str) -> Fault:
    """What Mistral says of a parameter: the report of its validation."""
    place = ["body", parameter, *(["include_usage"] if parameter == "stream_options" else [])]
    said = {"type": "extra_forbidden", "loc": place, "msg": "Extra inputs are not permitted", "input": True}
    return Fault(422, {"detail": [said]})


MISTRAL: Final = Personality(
    name="mistral",
    source="dnakov/anon-kode#53, editor-code-assistant/eca#231; docs.mistral.ai: reasoning",
    refuses=("stream_options",),
    unknown=_forbidden,
    system=Fault(400, "Unexpected role 'system' in messages", "3230", kind="invalid_request_message_order"),
    context=Fault(400, "Prompt contains 40000 tokens, too large for model with 32768 maximum context length", "3051"),
    trouble=Fault(500, "Service unavailable.", "1000", kind="internal_server_error"),
    plain=(503, "no Route matched with those values"),
    wrong_key=Fault(401, "", body={"detail": "Unauthorized"}),
    no_model=Fault(400, "Invalid model: m", "1500", kind="invalid_model"),
    form=as_mistral,
    thinking="parts",
    usage="last",
    tells_unasked=True,
    details=False,
    extra={"p": "abcdefgh"},
)

GEMINI: Final = Personality(
    name="gemini",
    source="MinLL/SkyrimNet-GamePlugin#77, FuzzAnything/PromptFuzz#42, ogx-ai/ogx#5122",
    unknown=lambda parameter: Fault(
        400, f'Invalid JSON payload received. Unknown name "{parameter}": Cannot find field.'
    ),
    system=Fault(400, NO_INSTRUCTION),
    context=Fault(400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
    trouble=Fault(503, "The model is overloaded. Please try again later."),
    plain=(503, AUTOMATIC),
    wrong_key=Fault(400, "API key not valid. Please pass a valid API key."),
    no_model=Fault(404, "models/m is not found for API version v1main."),
    form=as_list,
    thinking="tags",
    usage="each",
    details=False,
    opening=(),
    one_index=True,
    hidden=11,
    ends_with_text=True,
    choice=lambda body: choice_with_error(body[0]),
    page="Error 502 (Server Error)!!1",
)


def _out_of_resources(_body: Any) -> dict[str, Any]:  # noqa: ANN401 — JSON
    """A choice of DeepSeek that was given up: it says so by its end alone."""
    return {"index": 0, "delta": {"content": ""}, "finish_reason": "insufficient_system_resource"}


DEEPSEEK: Final = Personality(
    name="deepseek",
    source="api-docs.deepseek.com: rate_limit, create-chat-completion",
    unknown=lambda parameter: Fault(
        400, f"Failed to deserialize the JSON body into the target type: unknown field `{parameter}` at line 1"
    ),
    system=Fault(400, "messages[0].role: unknown variant `system`, expected one of `user`, `assistant`"),
    context=Fault(
        400, f"This model's maximum context length is 131072 tokens. However, you requested 140000 tokens. {LONGER}"
    ),
    trouble=Fault(
        503,
        "Service is too busy. Please switch to another provider for the time being.",
        "service_unavailable",
        kind="service_unavailable_error",
    ),
    plain=(503, AUTOMATIC),
    wrong_key=Fault(401, "Authentication Fails, Your api key: ****-key is invalid", kind="authentication_error"),
    no_model=Fault(400, "Model Not Exist"),
    usage="last",
    tells_unasked=True,
    blank=b"\n\n\n",
    extra={"system_fingerprint": "fp_ds"},
    in_choice={"logprobs": None},
    opening=({"index": 0, "delta": {"role": "assistant", "content": None, "reasoning_content": ""}},),
    ping=b": keep-alive\n\n",
    choice=_out_of_resources,
)


def _routed(fault: Fault) -> Any:  # noqa: ANN401 — JSON
    """The form of OpenRouter: the words of the provider are inside, as a text that holds JSON."""
    raw = json.dumps({"code": "Client specified an invalid argument", "error": fault.message})
    if fault.code == "own":
        return {"error": {"message": fault.message, "code": fault.status}}
    inside = {"raw": raw, "provider_name": "xAI", "is_byok": False}
    return {"error": {"message": "Provider returned error", "code": fault.status, "metadata": inside}, "user_id": "u"}


OPENROUTER: Final = Personality(
    name="openrouter",
    source="openrouter.ai/docs/api-reference/streaming; diegosouzapw/OmniRoute#3044, huggingface/smolagents#1766",
    unknown=lambda parameter: Fault(400, f"Argument not supported on this model: {parameter}"),
    system=Fault(400, NO_INSTRUCTION),
    context=Fault(
        400, "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000", "own"
    ),
    trouble=Fault(502, "no instances of this model are available at the moment"),
    plain=(502, "error code: 502"),
    wrong_key=Fault(401, "No auth credentials found", "own"),
    no_model=Fault(400, "m is not a valid model ID", "own"),
    form=_routed,
    thinking="reasoning_details",
    tells_unasked=True,
    usage="beside",
    blank=b"\n         \n",
    extra={"provider": "xAI"},
    in_choice={"native_finish_reason": None},
    ping=b": OPENROUTER PROCESSING\n\n",
    in_stream=lambda body: event(body | {"id": "gen-1", "choices": [choice_with_error(body) | {"error": None}]}),
)

PERSONALITIES: Final = (
    OPENAI_RESPONSES,
    OPENAI_CHAT,
    AZURE,
    VLLM,
    SGLANG,
    LLAMACPP,
    OLLAMA,
    LMSTUDIO,
    MISTRAL,
    GEMINI,
    DEEPSEEK,
    OPENROUTER,
)
