"""Trains with scikit-learn and PyTorch what bench/trainers.ts trains, on the same splits. One thread.
Reads a list of jobs as JSON from stdin and writes a list of results."""
import gzip
import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")


def estimator(job):
    model, seed = job["model"], job["seed"]
    classify = job["task"] == "classification"
    if model["kind"] == "logistic":
        return LogisticRegression(C=1.0, max_iter=1000)
    if model["kind"] == "linear":
        return Ridge(alpha=1.0)
    if model["kind"] == "trees":
        kind = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
        return kind(max_iter=model["trees"], learning_rate=model["learningRate"], max_depth=model["depth"],
                    max_leaf_nodes=None, min_samples_leaf=model["minRows"], l2_regularization=model["l2"],
                    early_stopping=False, random_state=seed)
    kind = MLPClassifier if classify else MLPRegressor
    return kind(hidden_layer_sizes=model["hidden"], learning_rate_init=model["learningRate"],
                max_iter=model["epochs"], batch_size=model["batchSize"], alpha=1e-4, n_iter_no_change=10**9,
                random_state=seed)


def measure(task, truth, prediction, classes=None):
    if task == "regression":
        return {"r2": metrics.r2_score(truth, prediction),
                "rmse": metrics.mean_squared_error(truth, prediction) ** 0.5}
    chosen = np.asarray(classes)[prediction.argmax(1)]
    auc = (metrics.roc_auc_score(truth, prediction[:, 1]) if len(classes) == 2
           else metrics.roc_auc_score(truth, prediction, multi_class="ovr", labels=classes))
    return {"accuracy": metrics.accuracy_score(truth, chosen),
            "macroF1": metrics.f1_score(truth, chosen, average="macro"),
            "logLoss": metrics.log_loss(truth, prediction, labels=classes), "auc": auc}


def run_table(job):
    table = pd.read_csv(job["csv"], dtype={name: str for name in job["texts"]}, keep_default_na=False,
                        na_values={name: [""] for name in job["numbers"]})
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), job["numbers"]),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), job["categories"]))
    train, test = table[table["split"] == "train"], table[table["split"] == "test"]
    pipeline = make_pipeline(encode, estimator(job))
    start = time.process_time()
    pipeline.fit(train, train[job["target"]])
    seconds = time.process_time() - start
    truth = test[job["target"]]
    if job["task"] == "regression":
        return {"metrics": measure("regression", truth, pipeline.predict(test)), "seconds": seconds}
    return {"metrics": measure("classification", truth, pipeline.predict_proba(test), pipeline.classes_),
            "seconds": seconds}


def fashion(part):
    folder = "/usr/share/datasets/fashion-mnist/"
    images = gzip.open(f"{folder}{part}-images-idx3-ubyte.gz").read()
    labels = gzip.open(f"{folder}{part}-labels-idx1-ubyte.gz").read()
    return (np.frombuffer(images, np.uint8, offset=16).reshape(-1, 784).astype("f4") / 255,
            np.frombuffer(labels, np.uint8, offset=8).astype("i8"))


def torch_network(model, torch, inputs, outputs):
    nn = torch.nn
    layers, width = [], inputs
    if model["kind"] == "cnn":
        layers, channels, side = [nn.Unflatten(1, (1, 28, 28))], 1, 28
        for one in model["convolutions"]:
            layers += [nn.Conv2d(channels, one["filters"], one["kernel"], one["stride"]), nn.ReLU()]
            channels, side = one["filters"], (side - one["kernel"]) // one["stride"] + 1
        layers, width = layers + [nn.Flatten()], channels * side * side
    for size in model.get("hidden", []):
        layers, width = layers + [nn.Linear(width, size), nn.ReLU()], size
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def run_torch(job):
    import torch
    torch.manual_seed(job["seed"])
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    (x, y), (xt, yt) = fashion("train"), fashion("t10k")
    x, y = torch.tensor(x), torch.tensor(y)
    model = job["model"]
    network = torch_network(model, torch, 784, 10)
    optimizer = torch.optim.Adam(network.parameters(), lr=model["learningRate"])
    size = model["batchSize"]
    steps = model["epochs"] * -(-len(x) // size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    start = time.process_time()
    for _ in range(model["epochs"]):
        order = torch.randperm(len(x))
        for at in range(0, len(x), size):
            rows = order[at:at + size]
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
    seconds = time.process_time() - start
    with torch.no_grad():
        chances = torch.softmax(network(torch.tensor(xt)), 1).numpy()
    return {"metrics": measure("classification", yt, chances.astype("f8"), list(range(10))), "seconds": seconds}


results = []
for one in json.load(sys.stdin):
    results.append(run_torch(one) if one["csv"] is None else run_table(one))
json.dump(results, sys.stdout)
