"""One line in the user's own training script, for each framework a file that imports only that framework.

Keras, Lightning and Transformers have an ``AudioCallback`` each, Ignite has ``attach``; a loop of one's own calls
:class:`audio_logging.PredictionLogger` itself. All of them log at first after one training step, then when the rule
says so, then at last, and know an epoch by how many were completed.
"""
